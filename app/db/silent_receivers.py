"""The table `silent_receivers`: who does not answer webhooks, and until when nobody is to ask."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from app.db.dialect import upsert
from app.db.models import SilentReceiver
from app.db.receivers import Receiver
from app.domain import retry


def paused(owner: Any, host: Any, *, now: datetime) -> ColumnElement[bool]:
    """True while the receiver of these columns is left alone."""
    return exists(
        select(SilentReceiver.owner).where(
            SilentReceiver.owner == owner,
            SilentReceiver.host == host,
            SilentReceiver.paused_until > now,
        )
    )


def try_it(connection: Connection, receiver: Receiver, *, now: datetime, until: datetime) -> None:
    """Let the one who sends now try a receiver whose pause is over; nobody else does until then."""
    connection.execute(
        update(SilentReceiver)
        .where(_is(receiver), SilentReceiver.paused_until <= now)
        .values(paused_until=until)
    )


def note_silence(
    connection: Connection, receiver: Receiver, *, began: datetime, now: datetime
) -> None:
    """Note an attempt without an answer; the receiver is left alone for a while.

    Args:
        began: when the attempt began. One from before the last note says nothing new.
    """
    query = select(SilentReceiver.silences, SilentReceiver.noted_at).where(_is(receiver))
    known = connection.execute(query.with_for_update()).one_or_none()
    if known is None:
        first = upsert(connection.dialect.name, SilentReceiver).values(
            owner=receiver.owner, host=receiver.host, **_noted(1, now)
        )
        connection.execute(first.on_conflict_do_nothing())
    elif known.noted_at <= began:
        again = update(SilentReceiver).where(_is(receiver))
        connection.execute(again.values(**_noted(known.silences + 1, now)))


def note_answer(connection: Connection, receiver: Receiver) -> None:
    """The receiver answers: nothing is left to remember."""
    connection.execute(delete(SilentReceiver).where(_is(receiver)))


def end_pause(connection: Connection, receiver: Receiver, *, now: datetime) -> None:
    """Let the receiver be tried now."""
    connection.execute(
        update(SilentReceiver)
        .where(_is(receiver), SilentReceiver.paused_until > now)
        .values(paused_until=now)
    )


def forget(connection: Connection, *, before: datetime) -> None:
    """Drop receivers that nobody has tried since their pause ended then."""
    connection.execute(delete(SilentReceiver).where(SilentReceiver.paused_until < before))


def count(connection: Connection, *, now: datetime) -> int:
    """How many receivers are left alone now; for metrics."""
    query = select(func.count()).where(SilentReceiver.paused_until > now)
    return connection.execute(query).scalar_one()


def _is(receiver: Receiver) -> ColumnElement[bool]:
    return (SilentReceiver.owner == receiver.owner) & (SilentReceiver.host == receiver.host)


def _noted(silences: int, now: datetime) -> dict[str, Any]:
    pause = timedelta(seconds=retry.RECEIVER.backoff(silences))
    return {"silences": silences, "noted_at": now, "paused_until": now + pause}
