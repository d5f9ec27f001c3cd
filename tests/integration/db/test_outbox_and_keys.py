"""The webhooks' outbox and its log, and the answers kept for idempotency keys."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from app.db import deliveries, idempotency, receivers, requests
from app.db.deliveries import DeliveryStatus
from app.db.engine import Database
from app.db.models import IdempotencyKey, WebhookAttempt, WebhookDelivery
from tests.integration.db.parts import (
    HOOKS,
    START,
    add_delivery,
    add_request,
    at,
    claim_delivery,
    count,
)


def test_an_event_of_a_run_is_in_the_outbox_once(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        first = add_delivery(connection, request_id)
        add_delivery(connection, request_id)
        add_delivery(connection, request_id, run=2)
        assert [row.run for row in deliveries.of_request(connection, request_id)] == [2, 1]
        assert due(connection, now=0, limit=1) == [first]


def test_a_delivery_is_sent_by_one_and_a_late_sender_writes_nothing(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        delivery_id = add_delivery(connection, request_id)
        first = claim_delivery(connection, delivery_id, now=0)
        assert (first.attempts, first.fence) == (1, 1)
        assert claim_delivery(connection, delivery_id, now=5) is None
        second = claim_delivery(connection, delivery_id, now=21)
        assert (second.attempts, second.fence) == (2, 2)
        assert not record(connection, first, DeliveryStatus.DELIVERED)
        assert record(connection, second, DeliveryStatus.DELIVERED)
        assert due(connection, now=999) == []
        (row,) = deliveries.of_request(connection, request_id)
        assert (row.status, row.delivered_at) == ("delivered", START)
        assert [each.attempt for each in deliveries.attempts_of(connection, [delivery_id])] == [2]


def test_a_failed_delivery_is_due_again_later(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        delivery_id = add_delivery(connection, request_id)
        row = claim_delivery(connection, delivery_id, now=0)
        record(connection, row, DeliveryStatus.PENDING, next_attempt=30, status_code=500)
        assert due(connection, now=29) == []
        assert due(connection, now=30) == [delivery_id]
        deliveries.send_again(connection, delivery_id, now=at(1))
        assert due(connection, now=1) == [delivery_id]


def test_removing_a_request_takes_its_deliveries_and_keys_along(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        row = claim_delivery(connection, add_delivery(connection, request_id), now=0)
        record(connection, row, DeliveryStatus.DELIVERED)
        assert keep(connection, request_id, "key")
        requests.remove(connection, request_id)
    tables = (WebhookDelivery, WebhookAttempt, IdempotencyKey)
    assert [count(database, table) for table in tables] == [0, 0, 0]


def test_a_key_keeps_its_first_answer_for_its_owner(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        assert keep(connection, request_id, "first")
        assert not keep(connection, request_id, "second")
        kept = idempotency.find(connection, owner="us", key="k", since=at(-1))
        assert kept is not None
        assert (kept.fingerprint, kept.answer) == ("first", {"said": "first"})
        assert idempotency.find(connection, owner="them", key="k", since=at(-1)) is None
        assert idempotency.find(connection, owner="us", key="k", since=at(1)) is None


def test_a_key_that_is_past_its_time_may_be_used_again(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        assert keep(connection, request_id, "old")
        assert keep(connection, request_id, "new", now=100, since=50)
        assert idempotency.forget(connection, before=at(100)) == 0
        assert idempotency.forget(connection, before=at(101)) == 1


def due(connection: Connection, *, now: float, limit: int = 5) -> Sequence[str]:
    """Deliveries to the one receiver of these tests."""
    return receivers.due_for(connection, HOOKS, now=at(now), limit=limit)


def record(
    connection: Connection,
    row: Any,
    status: DeliveryStatus,
    *,
    next_attempt: float | None = None,
    status_code: int = 204,
) -> bool:
    return deliveries.record(
        connection,
        row.id,
        fence=row.fence,
        attempt=row.attempts,
        status=status,
        next_attempt_at=at(next_attempt) if next_attempt is not None else None,
        attempted_at=START,
        status_code=status_code,
        error=None,
        duration_ms=3,
    )


def keep(
    connection: Connection, request_id: str, what: str, *, now: float = 0, since: float = -86_400
) -> bool:
    return idempotency.keep(
        connection,
        owner="us",
        key="k",
        fingerprint=what,
        request_id=request_id,
        answer={"said": what},
        now=at(now),
        since=at(since),
    )
