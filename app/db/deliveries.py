"""Queries on the webhooks' outbox and its log; who is sent to first is in `receivers.py`."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from app.db.dialect import upsert
from app.db.models import WebhookAttempt, WebhookDelivery
from app.db.receivers import Receiver, is_due
from app.db.silent_receivers import paused


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


def add(
    connection: Connection,
    *,
    delivery_id: str,
    request_id: str,
    receiver: Receiver,
    event: str,
    run: int,
    url: str,
    body: str,
    now: datetime,
) -> None:
    """Put one event into the outbox; the same event of the same run is there only once."""
    connection.execute(
        upsert(connection.dialect.name, WebhookDelivery)
        .values(
            id=delivery_id,
            request_id=request_id,
            owner=receiver.owner,
            host=receiver.host,
            event=event,
            run=run,
            url=url,
            body=body,
            status=DeliveryStatus.PENDING.value,
            created_at=now,
            next_attempt_at=now,
        )
        .on_conflict_do_nothing()
    )


def receiver_of(connection: Connection, delivery_id: str, *, now: datetime) -> Receiver | None:
    """Whom a delivery goes to; None when it could not be claimed now."""
    query = select(WebhookDelivery.owner, WebhookDelivery.host).where(_is_free(delivery_id, now))
    row = connection.execute(query).one_or_none()
    return Receiver(row.owner, row.host) if row is not None else None


def claim(
    connection: Connection, delivery_id: str, *, now: datetime, lease_until: datetime
) -> Row[Any] | None:
    """Take one due delivery; None when it is not due, another worker sends it, or its receiver is
    left alone for a while.
    """
    statement = (
        update(WebhookDelivery)
        .where(_is_free(delivery_id, now))
        .values(
            attempts=WebhookDelivery.attempts + 1,
            fence=WebhookDelivery.fence + 1,
            leased_until=lease_until,
        )
        .returning(WebhookDelivery.__table__)
    )
    return connection.execute(statement).one_or_none()


def record(
    connection: Connection,
    delivery_id: str,
    *,
    fence: int,
    attempt: int,
    status: DeliveryStatus,
    next_attempt_at: datetime | None,
    attempted_at: datetime,
    status_code: int | None,
    error: str | None,
    duration_ms: int,
) -> bool:
    """Write what came of an attempt; False when another worker has taken the delivery since."""
    statement = (
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.fence == fence)
        .values(
            status=status.value,
            next_attempt_at=next_attempt_at,
            leased_until=None,
            delivered_at=attempted_at if status is DeliveryStatus.DELIVERED else None,
        )
    )
    if connection.execute(statement).rowcount == 0:
        return False
    connection.execute(
        insert(WebhookAttempt).values(
            delivery_id=delivery_id,
            attempt=attempt,
            attempted_at=attempted_at,
            status_code=status_code,
            error=error,
            duration_ms=duration_ms,
        )
    )
    return True


def send_again(connection: Connection, delivery_id: str, *, now: datetime) -> None:
    """Make a delivery due now, whatever came of it before."""
    connection.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id)
        .values(status=DeliveryStatus.PENDING.value, next_attempt_at=now)
    )


def of_request(connection: Connection, request_id: str) -> Sequence[Row[Any]]:
    """The deliveries of a request, newest first."""
    query = (
        select(WebhookDelivery.__table__)
        .where(WebhookDelivery.request_id == request_id)
        .order_by(WebhookDelivery.id.desc())
    )
    return connection.execute(query).all()


def attempts_of(connection: Connection, delivery_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """The log of these deliveries, oldest attempt first."""
    query = (
        select(WebhookAttempt.__table__)
        .where(WebhookAttempt.delivery_id.in_(delivery_ids))
        .order_by(WebhookAttempt.delivery_id, WebhookAttempt.attempt)
    )
    return connection.execute(query).all()


def _is_free(delivery_id: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        WebhookDelivery.id == delivery_id,
        is_due(now),
        ~paused(WebhookDelivery.owner, WebhookDelivery.host, now=now),
    )
