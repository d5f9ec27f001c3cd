"""Queries on `idempotency_keys`: the same key and body get the same answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from app.db.dialect import upsert
from app.db.models import IdempotencyKey


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    fingerprint: str
    answer: dict[str, Any]


def find(connection: Connection, *, owner: str, key: str, since: datetime) -> KeptAnswer | None:
    """The answer that this key got after `since`."""
    query = select(IdempotencyKey.fingerprint, IdempotencyKey.answer).where(
        IdempotencyKey.owner == owner,
        IdempotencyKey.key == key,
        IdempotencyKey.created_at >= since,
    )
    row = connection.execute(query).one_or_none()
    return KeptAnswer(row.fingerprint, row.answer) if row is not None else None


def keep(
    connection: Connection,
    *,
    owner: str,
    key: str,
    fingerprint: str,
    request_id: str,
    answer: Mapping[str, Any],
    now: datetime,
    since: datetime,
) -> bool:
    """Keep an answer; False when another upload with this key came first.

    Postgres makes a second writer of the same key wait here until the first one has committed.
    """
    connection.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.owner == owner,
            IdempotencyKey.key == key,
            IdempotencyKey.created_at < since,
        )
    )
    statement = (
        upsert(connection.dialect.name, IdempotencyKey)
        .values(
            owner=owner,
            key=key,
            fingerprint=fingerprint,
            request_id=request_id,
            answer=dict(answer),
            created_at=now,
        )
        .on_conflict_do_nothing()
        # The number of rows would not do: SQLAlchemy does not keep it for an INSERT on Postgres.
        .returning(IdempotencyKey.key)
    )
    return connection.execute(statement).one_or_none() is not None


def forget_request(connection: Connection, *, owner: str, request_id: str) -> None:
    """Drop the keys of one request."""
    connection.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.owner == owner, IdempotencyKey.request_id == request_id
        )
    )


def forget(connection: Connection, *, before: datetime) -> int:
    """Drop keys that are past their time; returns how many."""
    statement = delete(IdempotencyKey).where(IdempotencyKey.created_at < before)
    return connection.execute(statement).rowcount
