"""Send webhooks from the outbox, and show their log."""

import asyncio
import random
import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from standardwebhooks import Webhook

from app.adapters import Adapters, now
from app.db import deliveries as outbox
from app.db import silent_receivers
from app.db.deliveries import DeliveryStatus
from app.db.receivers import Receiver
from app.domain.errors import RequestNotFound
from app.domain.retry import webhook_retry_delay
from app.domain.tasks import Task
from app.outbound.webhook import WebhookAnswer
from app.results.documents import moment as in_json
from app.results.read import find

log = structlog.get_logger(__name__)

# One attempt ends within 15 seconds. A shorter lease would let a second worker send the same
# message while a slow receiver is still answering the first one, and never believe an answer.
LEASE_SECONDS_MIN = 20.0


async def deliver(adapters: Adapters, delivery_id: str) -> None:
    """Send one due delivery, if nobody else does, and write down what came of it.

    At least once: when the process dies between the receiver's answer and our note of it, the same
    message goes out again under the same `webhook-id`.
    """
    moment = now()
    row = await asyncio.to_thread(_claim, adapters, delivery_id, moment)
    if row is None:
        return
    answer = await adapters.webhooks.send(
        row.url, body=row.body.encode(), headers=_headers(adapters, row.id, row.body)
    )
    status = await asyncio.to_thread(_record, adapters, row, answer, moment)
    outcome = "retried" if status is DeliveryStatus.PENDING else status.value
    adapters.metrics.work.webhook_attempted(outcome)
    log.info(
        "webhook_attempted",
        request_id=row.request_id,
        delivery_id=row.id,
        attempt=row.attempts,
        status_code=answer.status_code,
        error=answer.error,
        delivery_status=status.value,
        duration_ms=answer.duration_ms,
    )


def deliveries(adapters: Adapters, request_id: str, *, owner: str) -> dict[str, Any]:
    """The deliveries of a request with every attempt, newest delivery first."""
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
        rows = outbox.of_request(connection, request.id)
        attempts = outbox.attempts_of(connection, [row.id for row in rows])
    return {
        "items": [
            _document(row, [attempt for attempt in attempts if attempt.delivery_id == row.id])
            for row in rows
        ]
    }


def redeliver(
    adapters: Adapters, request_id: str, delivery_id: str, *, owner: str
) -> dict[str, Any]:
    """Send a delivery once more, now, under the same `webhook-id`; returns it.

    Whoever asks for it knows something of the receiver, so a pause of the receiver ends with it.

    Raises:
        RequestNotFound: no such request, or it has no such delivery.
    """
    with adapters.database.transaction() as connection:
        request = find(connection, request_id, owner=owner)
        found = [row for row in outbox.of_request(connection, request.id) if row.id == delivery_id]
        if not found:
            raise RequestNotFound(
                f"The request has no webhook delivery with the id {delivery_id[:64]!r}."
            )
        moment = now()
        outbox.send_again(connection, delivery_id, now=moment)
        receiver = Receiver(found[0].owner, found[0].host)
        silent_receivers.end_pause(connection, receiver, now=moment)
    adapters.hints.send(Task.DELIVER, delivery_id)
    items: list[dict[str, Any]] = deliveries(adapters, request_id, owner=owner)["items"]
    return next(item for item in items if item["id"] == delivery_id)


def _claim(adapters: Adapters, delivery_id: str, moment: datetime) -> Any:
    lease_seconds = max(adapters.settings.lease_seconds, LEASE_SECONDS_MIN)
    lease_until = moment + timedelta(seconds=lease_seconds)
    with adapters.database.transaction() as connection:
        row = outbox.claim(connection, delivery_id, now=moment, lease_until=lease_until)
        if row is not None:
            receiver = Receiver(row.owner, row.host)
            silent_receivers.try_it(connection, receiver, now=moment, until=lease_until)
        return row


def _record(
    adapters: Adapters, row: Any, answer: WebhookAnswer, attempted_at: datetime
) -> DeliveryStatus:
    accepted = answer.status_code is not None and 200 <= answer.status_code < 300
    delay = None
    status = DeliveryStatus.DELIVERED
    if not accepted:
        delay = webhook_retry_delay(
            attempt=row.attempts,
            status_code=answer.status_code,
            retry_after_seconds=answer.retry_after_seconds,
            chance=random.random(),  # noqa: S311 (spreads load, guards nothing)
        )
        status = DeliveryStatus.FAILED if delay is None else DeliveryStatus.PENDING
    receiver, moment = Receiver(row.owner, row.host), now()
    with adapters.database.transaction() as connection:
        outbox.record(
            connection,
            row.id,
            fence=row.fence,
            attempt=row.attempts,
            status=status,
            next_attempt_at=moment + timedelta(seconds=delay) if delay is not None else None,
            attempted_at=attempted_at,
            status_code=answer.status_code,
            error=None if accepted else _error(answer),
            duration_ms=answer.duration_ms,
        )
        if answer.is_silence:
            silent_receivers.note_silence(connection, receiver, began=attempted_at, now=moment)
        else:
            silent_receivers.note_answer(connection, receiver)
    return status


def _headers(adapters: Adapters, delivery_id: str, body: str) -> dict[str, str]:
    moment = now()
    message_id = f"msg_{uuid.UUID(delivery_id).hex}"
    headers = {
        "content-type": "application/json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
    }
    secret = adapters.settings.webhook_secret
    if secret is not None:
        signer = Webhook(secret.get_secret_value())
        headers["webhook-signature"] = signer.sign(message_id, moment, body)
    return headers


def _error(answer: WebhookAnswer) -> str:
    return answer.message or answer.error or f"The receiver answered {answer.status_code}."


def _document(row: Any, attempts: list[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "webhook_id": f"msg_{uuid.UUID(row.id).hex}",
        "event": row.event,
        "url": row.url,
        "status": row.status,
        "created_at": in_json(row.created_at),
        "delivered_at": in_json(row.delivered_at),
        "next_attempt_at": in_json(row.next_attempt_at),
        "attempts": [
            {
                "attempt": attempt.attempt,
                "attempted_at": in_json(attempt.attempted_at),
                "status_code": attempt.status_code,
                "error": attempt.error,
                "duration_ms": attempt.duration_ms,
            }
            for attempt in attempts
        ],
    }
