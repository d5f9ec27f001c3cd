"""Which webhooks are sent first, and who is left alone, on both engines."""

from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from app.db import deliveries, receivers, silent_receivers
from app.db.deliveries import DeliveryStatus
from app.db.engine import Database
from app.db.receivers import DueReceiver, Receiver
from tests.integration.db.parts import (
    START,
    add_delivery,
    add_request,
    at,
    claim_delivery,
    rows_read,
)

A, B, C = Receiver("", "a.test:443"), Receiver("", "b.test:80"), Receiver("key", "a.test:443")
MANY = 20_000


def test_each_receiver_is_found_once_and_the_longest_due_first(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        later = add_delivery(connection, request_id, receiver=A, run=1, due=5)
        first = add_delivery(connection, request_id, receiver=A, run=2, due=3)
        add_delivery(connection, request_id, receiver=B, run=3, due=1)
        add_delivery(connection, request_id, receiver=C, run=4, due=2)
        add_delivery(connection, request_id, receiver=Receiver("key", "z"), run=5, due=60)
        assert [each.receiver for each in receivers.due(connection, now=at(9))] == [B, C, A]
        assert receivers.due(connection, now=at(1)) == [DueReceiver(B, 0, at(1))]
        assert receivers.due_for(connection, A, now=at(9), limit=5) == [first, later]
        assert receivers.due_for(connection, A, now=at(9), limit=1) == [first]
        assert receivers.due_for(connection, A, now=at(4), limit=5) == [first]
        claim_delivery(connection, first, now=9)
        assert receivers.due_for(connection, A, now=at(9), limit=5) == [later]
        assert receivers.pending(connection) == 5


def test_more_receivers_than_one_query_asks_for_are_all_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "RECEIVERS_PER_QUERY", 3)
    request_id = add_request(database)
    there = [Receiver(f"key-{n // 4}", f"host-{n % 4}") for n in range(12)]
    with database.transaction() as connection:
        for run, receiver in enumerate(there):
            add_delivery(connection, request_id, receiver=receiver, run=run)
        assert {each.receiver for each in receivers.due(connection, now=START)} == set(there)


def test_a_silent_receiver_is_left_alone_longer_each_time_until_it_answers(
    database: Database,
) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        one, two = (add_delivery(connection, request_id, receiver=A, run=n) for n in (1, 2))
        add_delivery(connection, request_id, receiver=C, run=3)
        silent_receivers.note_silence(connection, A, began=at(0), now=at(15))
        # Attempts that ran side by side with the noted one say nothing new.
        silent_receivers.note_silence(connection, A, began=at(10), now=at(25))
        assert [each.receiver for each in receivers.due(connection, now=at(19))] == [C]
        assert silent_receivers.count(connection, now=at(19)) == 1
        assert deliveries.receiver_of(connection, one, now=at(19)) is None
        assert claim_delivery(connection, one, now=19) is None

        # The pause of 5 s is over: it comes behind those that answer, and one message tries it.
        assert [each.receiver for each in receivers.due(connection, now=at(20))] == [C, A]
        assert deliveries.receiver_of(connection, one, now=at(20)) == A
        assert claim_delivery(connection, one, now=20) is not None
        silent_receivers.try_it(connection, A, now=at(20), until=at(40))
        assert claim_delivery(connection, two, now=21) is None
        silent_receivers.note_silence(connection, A, began=at(20), now=at(35))
        assert claim_delivery(connection, two, now=44) is None
        assert claim_delivery(connection, two, now=45) is not None

        silent_receivers.note_answer(connection, A)
        assert silent_receivers.count(connection, now=at(45)) == 0


def test_a_pause_can_be_ended_and_old_ones_are_forgotten(database: Database) -> None:
    with database.transaction() as connection:
        silent_receivers.note_silence(connection, A, began=at(0), now=at(10))
        silent_receivers.end_pause(connection, A, now=at(11))
        assert silent_receivers.count(connection, now=at(11)) == 0
        silent_receivers.note_silence(connection, A, began=at(11), now=at(20))
        # The second silence in a row, as the first one is not forgotten: 10 s.
        assert silent_receivers.count(connection, now=at(29)) == 1
        silent_receivers.forget(connection, before=at(30))
        assert silent_receivers.count(connection, now=at(29)) == 1
        silent_receivers.forget(connection, before=at(31))
        assert silent_receivers.count(connection, now=at(29)) == 0


def test_a_choice_costs_the_same_for_any_number_of_due_webhooks(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        add_many(connection, request_id, A)
        good = add_delivery(connection, request_id, receiver=B)
        claimed = [
            claim_delivery(connection, delivery_id, now=1)
            for delivery_id in receivers.due_for(connection, A, now=START, limit=8)
        ]
        assert all(claimed)
    with database.read() as connection:
        assert {each.receiver for each in receivers.due(connection, now=at(2))} == {A, B}
        assert receivers.due_for(connection, B, now=at(2), limit=8) == [good]
        assert len(receivers.due_for(connection, A, now=at(2), limit=8)) == 8
        if database.is_sqlite:
            steps = [step for step in plans(connection) if "webhook_deliveries" in step]
            assert not any(step.startswith("SCAN") for step in steps), steps
            by_index = [step for step in steps if "ix_webhook_deliveries_receivers" in step]
            # Both ways to the next receiver, at the start and at each step: none of them may read
            # all deliveries of an owner or of a receiver.
            assert sum("(owner=? AND host>?)" in step for step in by_index) == 2, steps
            assert sum("(owner>?)" in step for step in by_index) == 2, steps
        else:
            assert rows_read(connection, ["webhook_deliveries"]) < 100


def test_an_ended_delivery_is_due_for_nobody(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        row = claim_delivery(connection, add_delivery(connection, request_id, receiver=A), now=0)
        deliveries.record(
            connection,
            row.id,
            fence=row.fence,
            attempt=1,
            status=DeliveryStatus.FAILED,
            next_attempt_at=None,
            attempted_at=START,
            status_code=410,
            error="Gone.",
            duration_ms=1,
        )
        assert receivers.due(connection, now=at(999)) == []
        assert receivers.pending(connection) == 0


def add_many(connection: Connection, request_id: str, receiver: Receiver) -> None:
    """`MANY` due deliveries to one receiver."""
    connection.execute(
        text(
            f"""
            WITH RECURSIVE numbers(n) AS (
                SELECT 1000 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY + 999}
            )
            INSERT INTO webhook_deliveries (id, request_id, owner, host, event, run, url, body,
                status, created_at, next_attempt_at)
            SELECT {_new_id(connection)}, :request_id, :owner, :host, 'request.completed', n,
                'http://a.test/', '{{}}', 'pending', '2026-01-01 12:00:00.000000',
                '2026-01-01 11:00:00.000000'
            FROM numbers
            """
        ),
        {"request_id": request_id.replace("-", ""), **receiver._asdict()},
    )


def _new_id(connection: Connection) -> str:
    sqlite = connection.dialect.name == "sqlite"
    return "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"


def plans(connection: Connection) -> list[str]:
    """SQLite's plan of each query of a choice."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    receivers.due(connection, now=at(2))
    receivers.due_for(connection, B, now=at(2), limit=8)
    event.remove(connection, "before_cursor_execute", note)
    explained = [
        connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        for statement, values in asked
    ]
    return [row[-1] for rows in explained for row in rows]
