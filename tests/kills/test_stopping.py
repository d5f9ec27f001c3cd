"""SIGTERM drains within the grace and costs no attempt; a second one stops at once."""

import signal
import time

import pytest

from tests.kills.checks import Auditor, Findings
from tests.kills.conftest import StartService
from tests.kills.jobs import Job, make_job, quicken
from tests.kills.launcher import until_gone
from tests.kills.points import WORKER
from tests.kills.service import Service
from tests.kills.stacks import Stack
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookAnswer, WebhookReceiver

GRACE_SECONDS = 1
# Beyond the grace: recording, giving back and closing, on a machine that is busy.
CLOSING_SECONDS = 3
AT_ONCE_SECONDS = 1.5


@pytest.fixture
def slow(stack: Stack, new_service: StartService) -> Service:
    """A running service whose images in flight outlast its grace."""
    service = new_service(stack, SHUTDOWN_GRACE_SECONDS=str(GRACE_SECONDS))
    service.start()
    service.wait_ready()
    return service


def begin(service: Service, host: ImageHost, *, delay: float) -> Job:
    job = make_job(host, images=60, delay=delay)
    assert service.upload(job)
    until(lambda: len(host.requests) >= 10, 20)
    return job


def test_a_stop_ends_within_its_grace_and_costs_no_attempt(
    slow: Service, image_host: ImageHost
) -> None:
    job = begin(slow, image_host, delay=4)
    worker = slow.process(WORKER)
    family = worker.family()
    started = time.monotonic()
    worker.send(signal.SIGTERM)
    assert worker.wait(GRACE_SECONDS + CLOSING_SECONDS + 10) == 0
    assert time.monotonic() - started < GRACE_SECONDS + CLOSING_SECONDS
    until_gone(family, 2)
    quicken(image_host, job)
    slow.start()
    slow.wait_ready()
    slow.wait_end(job)
    assert {image["attempts"] for image in slow.images(job)} == {1}
    auditor = Auditor(slow, image_host)
    assert auditor.audit([job]) == Findings(), slow.log()
    auditor.close()


def test_a_stop_waits_for_what_the_grace_allows(slow: Service, image_host: ImageHost) -> None:
    job = begin(slow, image_host, delay=0.5)
    in_flight = len(image_host.requests)
    worker = slow.process(WORKER)
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    slow.start()
    slow.wait_ready()
    slow.wait_end(job)
    assert {image_host.hits(job.path(url)) for url in job.urls} == {1}
    assert in_flight >= 10


def test_a_second_signal_stops_at_once(slow: Service, image_host: ImageHost) -> None:
    job = begin(slow, image_host, delay=4)
    process = slow.process(WORKER)
    family = process.family()
    process.send(signal.SIGTERM)
    time.sleep(0.3)
    assert process.is_alive
    process.send(signal.SIGTERM)
    started = time.monotonic()
    assert process.wait() == 128 + signal.SIGTERM
    assert time.monotonic() - started < AT_ONCE_SECONDS
    until_gone(family, 2)
    quicken(image_host, job)
    slow.start()
    slow.wait_ready()
    assert slow.wait_end(job)["images"]["completed"] == len(job.urls)


def test_a_slow_webhook_receiver_holds_up_no_stop(
    slow: Service, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    webhook_receiver.answers.append(WebhookAnswer(delay=12))
    job = make_job(image_host)
    assert slow.upload(job, webhook_url=webhook_receiver.url)
    webhook_receiver.wait_for(1)
    worker = slow.process(WORKER)
    started = time.monotonic()
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert time.monotonic() - started < GRACE_SECONDS + CLOSING_SECONDS
    slow.start()
    slow.wait_ready()
    first, second = webhook_receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
