"""Queries on `installation` and `unwatched`: who this database is and what it has watched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from app.db.dialect import upsert
from app.db.models import Installation, Unwatched

InstallationRow = Row[Any]


def find(connection: Connection) -> InstallationRow | None:
    """The row, or None before the first sweep."""
    return connection.execute(select(Installation.__table__)).one_or_none()


def make(connection: Connection, installation_id: str, *, now: datetime) -> bool:
    """Make the row; False when another process was first."""
    statement = (
        upsert(connection.dialect.name, Installation)
        .values(number=1, id=installation_id, created_at=now, seen_at=now)
        .on_conflict_do_nothing()
        .returning(Installation.number)
    )
    return connection.execute(statement).one_or_none() is not None


def see(connection: Connection, *, last: datetime, now: datetime) -> bool:
    """Note a sign of life; False when another process has noted one since `last`."""
    statement = update(Installation).where(Installation.seen_at == last).values(seen_at=now)
    return connection.execute(statement).rowcount == 1


def add_unwatched(connection: Connection, *, began_at: datetime, ended_at: datetime) -> None:
    """Note a time that nobody watched; one that begins alike is lengthened."""
    new = upsert(connection.dialect.name, Unwatched).values(began_at=began_at, ended_at=ended_at)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=[Unwatched.began_at], set_={"ended_at": new.excluded.ended_at}
        )
    )


def unwatched(connection: Connection) -> Sequence[tuple[datetime, datetime]]:
    """All times that nobody watched, as (began, ended)."""
    rows = connection.execute(select(Unwatched.began_at, Unwatched.ended_at))
    return [(row.began_at, row.ended_at) for row in rows]


def set_mark(connection: Connection, mark: str, *, former: str | None) -> None:
    """Remember what is about to be written into the store, and what is there now."""
    connection.execute(update(Installation).values(mark=mark, former_mark=former))


def set_id(connection: Connection, installation_id: str) -> None:
    """Give this database another id: from now on, its copies and backups are strangers."""
    connection.execute(update(Installation).values(id=installation_id))


def set_blocked(connection: Connection, reason: str | None, *, warned_at: datetime | None) -> None:
    """Note why the look for orphans deleted nothing, and when that was last said; None: it may."""
    connection.execute(update(Installation).values(sweep_blocked=reason, warned_at=warned_at))


def sweep_blocked(connection: Connection) -> bool:
    """True while the look for orphans deletes nothing because something is wrong."""
    return connection.execute(select(Installation.sweep_blocked)).scalar_one_or_none() is not None
