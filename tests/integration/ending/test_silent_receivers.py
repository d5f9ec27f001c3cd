"""Receivers that take the connection and say nothing cost nobody else time."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain import retry
from app.ending.deliver import deliveries, redeliver
from app.upkeep.health import queue_facts
from app.worker.delivery_slots import DELIVERIES_PER_RECEIVER
from tests.factories import make_jpeg
from tests.hostile_server import HostileServer
from tests.integration.bench import Bench, bench
from tests.integration.outbox import add_due, statuses
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver

JPEG = make_jpeg(64, 48)
DEAD = 10_000
WEBHOOK_SECONDS = 5.0
# What a busy machine may add to some tenths of a second.
BUSY_SECONDS = 2.0
TIMEOUT_SECONDS = 0.3


@pytest.fixture
def silent() -> Iterator[HostileServer]:
    """Its `/hang` takes the request and never answers."""
    with HostileServer() as server:
        yield server


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A worker whose webhooks wait for 0.3 s instead of 15, and whose first pause is one second."""
    monkeypatch.setattr(retry, "RECEIVER", replace(retry.RECEIVER, pauses=(1.0,)))
    with bench(working=False, data_dir=tmp_path) as made:
        monkeypatch.setattr(made.adapters.webhooks, "_timeout_seconds", TIMEOUT_SECONDS)
        yield made


def test_a_good_request_and_its_webhook_are_quick_beside_ten_thousand_dead_ones(
    idle: Bench, silent: HostileServer, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    idle.start()
    # The first request of a worker waits for its codec child.
    good_request(idle, image_host, webhook_receiver)
    alone = good_request(idle, image_host, webhook_receiver)
    add_due(idle.adapters, silent.url("/hang"), DEAD)
    until(lambda: silent.connections == DELIVERIES_PER_RECEIVER)
    assert good_request(idle, image_host, webhook_receiver) < 2 * alone + BUSY_SECONDS
    # The dead one has its places and no more.
    assert silent.connections == DELIVERIES_PER_RECEIVER


def good_request(service: Bench, host: ImageHost, receiver: WebhookReceiver) -> float:
    """Seconds until the end of a request of one image; its webhook comes soon after."""
    before = len(receiver.received)
    url = host.add(f"{before}.jpg", JPEG)
    began = time.monotonic()
    service.ended(service.upload_urls([url], webhook_url=receiver.url))
    took = time.monotonic() - began
    receiver.wait_for(before + 1, timeout_seconds=WEBHOOK_SECONDS)
    return took


def test_a_hint_about_a_silent_receiver_holds_no_thread(
    local: Bench, silent: HostileServer, image_host: ImageHost
) -> None:
    request_id = local.upload_urls([image_host.add("a.jpg", JPEG)], webhook_url=silent.url("/hang"))
    local.ended(request_id)
    (delivery,) = deliveries(local.adapters, request_id, owner="")["items"]
    began = time.monotonic()
    for _ in range(50):
        local.runtime.run("webhook.deliver", delivery["id"])
    assert time.monotonic() - began < 2 * BUSY_SECONDS
    until(lambda: silent.connections == 1)


def test_a_receiver_that_timed_out_is_tried_by_one_message_and_then_gets_all(
    impatient: Bench, silent: HostileServer
) -> None:
    request_id = add_due(impatient.adapters, silent.url("/hang"), 30)
    impatient.start()
    until(lambda: queue_facts(impatient.adapters)["receivers_paused"] == 1)
    time.sleep(TIMEOUT_SECONDS)
    sent = silent.connections
    assert sent <= DELIVERIES_PER_RECEIVER
    until(lambda: silent.connections > sent)
    time.sleep(TIMEOUT_SECONDS)
    assert silent.connections == sent + 1

    silent.serve("/hang", b"")
    # Those that were sent in vain wait for their next moment of the schedule.
    until(lambda: statuses(impatient.adapters, request_id).count("delivered") == 30, 25)
    facts = queue_facts(impatient.adapters)
    assert (facts["webhooks_pending"], facts["receivers_paused"]) == (0, 0)


def test_all_workers_leave_a_silent_receiver_alone(
    stack: dict[str, Any], silent: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(working=False, **stack) as first:
        monkeypatch.setattr(first.adapters.webhooks, "_timeout_seconds", TIMEOUT_SECONDS)
        add_due(first.adapters, silent.url("/hang"), 100)
        first.start()
        until(lambda: queue_facts(first.adapters)["receivers_paused"] == 1)
        paused_at = time.monotonic()
        sent = silent.connections
        assert sent <= DELIVERIES_PER_RECEIVER
        with bench(**stack):
            while time.monotonic() < paused_at + retry.RECEIVER.pauses[0] - 1:
                assert silent.connections == sent
                time.sleep(0.05)


def test_what_one_key_does_to_a_shared_host_is_nothing_to_another_key(
    impatient: Bench, silent: HostileServer
) -> None:
    silent.serve("/good", b"")
    add_due(impatient.adapters, silent.url("/hang"), 1_000, owner="one")
    impatient.start()
    until(lambda: queue_facts(impatient.adapters)["receivers_paused"] == 1)
    theirs = add_due(impatient.adapters, silent.url("/good"), 20, owner="another")
    until(lambda: statuses(impatient.adapters, theirs) == ["delivered"] * 20, WEBHOOK_SECONDS)


def test_a_redelivery_does_not_wait_for_the_end_of_a_pause(
    impatient: Bench, silent: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RECEIVER", replace(retry.RECEIVER, pauses=(60.0,)))
    request_id = add_due(impatient.adapters, silent.url("/hang"), 1)
    impatient.start()
    until(lambda: queue_facts(impatient.adapters)["receivers_paused"] == 1)
    silent.serve("/hang", b"")
    (delivery,) = deliveries(impatient.adapters, request_id, owner="")["items"]
    redeliver(impatient.adapters, request_id, delivery["id"], owner="")
    until(lambda: statuses(impatient.adapters, request_id) == ["delivered"], WEBHOOK_SECONDS)


def test_a_receiver_that_answers_with_an_error_is_not_paused(
    impatient: Bench, silent: HostileServer
) -> None:
    silent.serve("/broken", b"", status="500 No")
    request_id = add_due(impatient.adapters, silent.url("/broken"), 40)
    impatient.start()
    until(lambda: silent.connections == 40)
    assert queue_facts(impatient.adapters)["receivers_paused"] == 0
    assert statuses(impatient.adapters, request_id) == ["pending"] * 40
