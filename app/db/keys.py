"""Queries on `api_keys`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update

from app.db.dialect import upsert
from app.db.models import ApiKey


def add(connection: Connection, *, digest: str, name: str, now: datetime) -> bool:
    """Keep a key; False when an active one has this name already."""
    statement = (
        upsert(connection.dialect.name, ApiKey)
        .values(digest=digest, session_digest="", name=name, created_at=now)
        .on_conflict_do_nothing()
        .returning(ApiKey.digest)
    )
    return connection.execute(statement).one_or_none() is not None


def active(connection: Connection) -> Sequence[str]:
    """The digest of every key that was not revoked."""
    query = select(ApiKey.digest).where(ApiKey.revoked_at.is_(None))
    return connection.execute(query).scalars().all()


def any_made(connection: Connection) -> bool:
    """Whether there is a key at all, be it a revoked one."""
    return bool(connection.execute(select(exists(select(ApiKey.digest)))).scalar_one())


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """Every key, revoked ones too, oldest first."""
    query = select(ApiKey.__table__).order_by(ApiKey.created_at, ApiKey.digest)
    return connection.execute(query).all()


def revoke(connection: Connection, name: str, *, now: datetime) -> bool:
    """End the active key of this name; False when there is none."""
    active_one = (ApiKey.name == name) & ApiKey.revoked_at.is_(None)
    return connection.execute(update(ApiKey).where(active_one).values(revoked_at=now)).rowcount == 1


def forget_revoked(connection: Connection) -> int:
    """Delete the revoked keys; returns how many."""
    return connection.execute(delete(ApiKey).where(ApiKey.revoked_at.is_not(None))).rowcount
