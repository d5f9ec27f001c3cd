"""Webhooks: the outbox, the signature, the schedule and the log."""

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.domain.errors import OptionInvalid, RequestNotFound
from app.domain.tasks import Task
from app.ending.cancel import cancel
from app.ending.deliver import deliveries, redeliver
from app.ending.retry import retry
from tests.factories import make_jpeg
from tests.integration.bench import Bench, bench
from tests.integration.outbox import make_due
from tests.parts.image_host import Answer, ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookAnswer, WebhookReceiver

JPEG = make_jpeg(64, 48)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
def signing(stack: dict[str, Any]) -> Iterator[Bench]:
    """A worker that signs, on both stacks."""
    with bench(**stack, webhook_secret=SECRET) as made:
        yield made


def test_the_end_of_a_request_is_announced_and_signed(
    signing: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    url = image_host.add("a.jpg", JPEG)
    request_id = signing.upload_urls([url], webhook_url=webhook_receiver.url)
    status = signing.ended(request_id)
    (webhook,) = webhook_receiver.wait_for(1)

    assert Webhook(SECRET).verify(webhook.body, dict(webhook.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(webhook.body + b" ", dict(webhook.headers))
    message = webhook.json()
    assert message["type"] == "request.completed"
    assert message["timestamp"] == status["finished_at"]
    assert message["data"] == status
    until(lambda: log_of(signing, request_id)[0]["status"] == "delivered")
    (delivery,) = log_of(signing, request_id)
    assert delivery["webhook_id"] == webhook.headers["webhook-id"]
    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [204]
    time.sleep(0.5)
    assert len(webhook_receiver.received) == 1


def test_a_failed_request_is_announced_too(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    local.upload_urls([image_host.url("missing.jpg")], webhook_url=webhook_receiver.url)
    (webhook,) = webhook_receiver.wait_for(1)
    assert webhook.json()["type"] == "request.failed"
    assert webhook.json()["data"]["errors"] == {"http_status": 1}
    # Without a secret there is nothing to sign with.
    assert "webhook-signature" not in webhook.headers


def test_a_cancelled_request_is_announced_too(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    slow = image_host.add("a.jpg", JPEG, delay=2)
    request_id = local.upload_urls([slow], webhook_url=webhook_receiver.url)
    cancel(local.adapters, request_id, owner="")
    (webhook,) = webhook_receiver.wait_for(1)
    assert webhook.json()["type"] == "request.cancelled"


def test_each_end_of_a_retried_request_is_announced(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    url = image_host.add_answers("a.jpg", [Answer(b"", 404), Answer(JPEG)])
    request_id = local.upload_urls([url], webhook_url=webhook_receiver.url)
    webhook_receiver.wait_for(1)
    retry(local.adapters, request_id, owner="")
    first, second = webhook_receiver.wait_for(2)
    assert [one.json()["type"] for one in (first, second)] == [
        "request.failed",
        "request.completed",
    ]
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


def test_the_default_address_is_used_where_a_request_names_none(
    tmp_path: Path, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    with bench(data_dir=tmp_path, webhook_url=webhook_receiver.url) as service:
        service.upload_urls([image_host.add("a.jpg", JPEG)])
        webhook_receiver.wait_for(1)


def test_a_failed_attempt_is_repeated_as_the_same_message(
    signing: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    webhook_receiver.answers.extend([WebhookAnswer(500)])
    request_id = signing.upload_urls(
        [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
    )
    webhook_receiver.wait_for(1)
    until(lambda: log_of(signing, request_id)[0]["attempts"] != [])
    (delivery,) = log_of(signing, request_id)
    assert delivery["status"] == "pending"
    assert delivery["attempts"][0]["status_code"] == 500
    assert delivery["next_attempt_at"] > delivery["attempts"][0]["attempted_at"]

    first, second = webhook_receiver.wait_for(2, timeout_seconds=12)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Webhook(SECRET).verify(second.body, dict(second.headers))
    until(lambda: log_of(signing, request_id)[0]["status"] == "delivered")
    (delivery,) = log_of(signing, request_id)
    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [500, 204]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("7200", timedelta(hours=2)),
        ("86400", timedelta(days=1)),
        ("604800", timedelta(days=1)),
        (format_datetime(datetime(2126, 1, 1, tzinfo=UTC), usegmt=True), timedelta(days=1)),
    ],
)
def test_a_receiver_that_asks_for_hours_gets_them_up_to_a_day(
    local: Bench,
    image_host: ImageHost,
    webhook_receiver: WebhookReceiver,
    asked: str,
    waited: timedelta,
) -> None:
    webhook_receiver.answers.append(WebhookAnswer(503, {"Retry-After": asked}))
    request_id = local.upload_urls(
        [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
    )
    until(lambda: log_of(local, request_id) != [] and log_of(local, request_id)[0]["attempts"])
    (delivery,) = log_of(local, request_id)
    (attempt,) = delivery["attempts"]
    pause = datetime.fromisoformat(delivery["next_attempt_at"]) - datetime.fromisoformat(
        attempt["attempted_at"]
    )
    assert delivery["status"] == "pending"
    assert waited <= pause < waited + timedelta(minutes=1)


def test_a_redirect_is_a_failure_and_is_not_followed(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    elsewhere = {"Location": webhook_receiver.url}
    webhook_receiver.answers.append(WebhookAnswer(307, elsewhere))
    request_id = local.upload_urls(
        [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
    )
    until(lambda: log_of(local, request_id) != [] and log_of(local, request_id)[0]["attempts"])
    (delivery,) = log_of(local, request_id)
    assert (delivery["status"], delivery["attempts"][0]["status_code"]) == ("pending", 307)
    assert len(webhook_receiver.received) == 1


def test_gone_ends_the_delivery(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    webhook_receiver.answers.append(WebhookAnswer(410))
    request_id = local.upload_urls(
        [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
    )
    webhook_receiver.wait_for(1)
    until(lambda: log_of(local, request_id)[0]["status"] == "failed")
    assert log_of(local, request_id)[0]["next_attempt_at"] is None


def test_the_last_attempt_of_the_schedule_ends_the_delivery(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    webhook_receiver.answers.extend([WebhookAnswer(500)] * 10)
    request_id = local.upload_urls(
        [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
    )
    for attempt in range(1, 11):
        webhook_receiver.wait_for(attempt)
        until(lambda n=attempt: len(log_of(local, request_id)[0]["attempts"]) == n)  # type: ignore[misc]
        if attempt < 10:
            assert log_of(local, request_id)[0]["status"] == "pending"
            make_due(local.adapters)
    assert log_of(local, request_id)[0]["status"] == "failed"
    assert len({one.headers["webhook-id"] for one in webhook_receiver.received}) == 1


def test_a_delivery_can_be_sent_once_more_under_its_id(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    request_id = local.upload_urls(
        [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
    )
    webhook_receiver.wait_for(1)
    until(lambda: log_of(local, request_id)[0]["status"] == "delivered")
    (delivery,) = log_of(local, request_id)
    redeliver(local.adapters, request_id, delivery["id"], owner="")
    first, second = webhook_receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    until(lambda: len(log_of(local, request_id)[0]["attempts"]) == 2)
    with pytest.raises(RequestNotFound):
        redeliver(local.adapters, request_id, "no-such-delivery", owner="")


def test_a_receiver_slower_than_a_lease_gets_the_message_once(
    local: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    webhook_receiver.answers.append(WebhookAnswer(200, delay=3))
    request_id = local.upload_urls(
        [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
    )
    webhook_receiver.wait_for(1)
    until(lambda: log_of(local, request_id)[0]["status"] == "delivered")
    assert len(webhook_receiver.received) == 1


def test_a_receiver_that_is_away_costs_the_request_nothing(
    local: Bench, image_host: ImageHost
) -> None:
    with WebhookReceiver() as gone:
        url = gone.url
    request_id = local.upload_urls([image_host.add("a.jpg", JPEG)], webhook_url=url)
    assert local.ended(request_id)["status"] == "completed"
    until(lambda: log_of(local, request_id)[0]["attempts"] != [])
    (delivery,) = log_of(local, request_id)
    assert (delivery["status"], delivery["attempts"][0]["status_code"]) == ("pending", None)
    assert delivery["attempts"][0]["error"] == "The webhook's host cannot be reached."


def test_an_address_inside_is_refused_at_the_upload(tmp_path: Path) -> None:
    with bench(working=False, data_dir=tmp_path) as service:
        for url in ("http://10.0.0.1/hook", "ftp://hooks.test/", "nonsense"):
            with pytest.raises(OptionInvalid, match="webhook_url"):
                service.upload_urls(["http://127.0.0.1:9/a.jpg"], webhook_url=url)
        assert list(service.adapters.store.keys("")) == []


def test_two_senders_at_once_send_once(
    tmp_path: Path, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    with bench(data_dir=tmp_path, sweep_seconds=60) as service:
        request_id = service.upload_urls(
            [image_host.add("a.jpg", JPEG)], webhook_url=webhook_receiver.url
        )
        service.runtime.run(Task.INGEST, request_id)
        service.runtime.run(Task.WORK, request_id)
        # The worker's own first look for work may have been quicker than this.
        service.ended(request_id)
        (delivery,) = log_of(service, request_id)
        for _ in range(3):
            service.runtime.run(Task.DELIVER, delivery["id"])
        until(lambda: log_of(service, request_id)[0]["status"] == "delivered")
        assert len(webhook_receiver.received) == 1


def log_of(service: Bench, request_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = deliveries(service.adapters, request_id, owner="")["items"]
    return items
