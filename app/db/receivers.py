"""Queries that choose among the webhooks that are due: by receiver, however many wait for each.

A receiver is a host and port as one API key uses it. What one key does to a host that it shares
with others, such as that of a chat service, must not change what becomes of theirs.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from app.db.models import SilentReceiver, WebhookDelivery

# One step of the search is one look into the index; one statement takes this many steps.
RECEIVERS_PER_QUERY = 1_000
_COLUMNS = (WebhookDelivery.owner, WebhookDelivery.host, WebhookDelivery.next_attempt_at)


class Receiver(NamedTuple):
    """Whom a webhook goes to: `owner` is the request's, `host` is `name:port`."""

    owner: str
    host: str


class DueReceiver(NamedTuple):
    """A receiver that something is due for and that may be asked now.

    `silences` is how often in a row it has not answered; `due_at` when its oldest delivery was due.
    """

    receiver: Receiver
    silences: int
    due_at: datetime


def is_pending(delivery: Any = WebhookDelivery) -> ColumnElement[bool]:
    """True for deliveries that have no end yet."""
    # Written out and no parameter, so that both engines see that the partial index covers it.
    return delivery.status == literal("pending", literal_execute=True)  # type: ignore[no-any-return]


def is_due(now: datetime) -> ColumnElement[bool]:
    """True for deliveries whose next attempt is due and that nobody is sending."""
    return and_(
        is_pending(),
        WebhookDelivery.next_attempt_at <= now,
        or_(WebhookDelivery.leased_until.is_(None), WebhookDelivery.leased_until < now),
    )


def due(connection: Connection, *, now: datetime) -> list[DueReceiver]:
    """Receivers to send to now: those that answer first, then those that waited longest.

    It steps from receiver to receiver in the index, so the cost grows with their number and not
    with the number of deliveries.
    """
    found: list[DueReceiver] = []
    last = Receiver("", "")
    query = _heads()
    while True:
        heads = connection.execute(
            query, {"last_owner": last.owner, "last_host": last.host, "most": RECEIVERS_PER_QUERY}
        ).all()
        found += [
            DueReceiver(Receiver(head.owner, head.host), head.silences or 0, head.next_attempt_at)
            for head in heads
            if head.next_attempt_at <= now
            and (head.paused_until is None or head.paused_until <= now)
        ]
        if len(heads) < RECEIVERS_PER_QUERY:
            return sorted(found, key=lambda each: (each.silences, each.due_at))
        last = Receiver(heads[-1].owner, heads[-1].host)


def due_for(
    connection: Connection, receiver: Receiver, *, now: datetime, limit: int
) -> Sequence[str]:
    """Deliveries to this receiver that could be sent now, the longest due first."""
    query = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.owner == receiver.owner,
            WebhookDelivery.host == receiver.host,
            is_due(now),
        )
        .order_by(WebhookDelivery.next_attempt_at)
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def pending(connection: Connection) -> int:
    """How many deliveries have no end yet; for metrics."""
    query = select(func.count()).select_from(WebhookDelivery).where(is_pending())
    return connection.execute(query).scalar_one()


@cache
def _heads() -> Select[Any]:
    """The oldest delivery of each receiver behind (last_owner, last_host), with its pause."""
    first = (
        select(*_COLUMNS, literal(1).label("number"))
        .where(WebhookDelivery.id == _first_behind(bindparam("last_owner"), bindparam("last_host")))
        .cte("heads", recursive=True)
    )
    following = (
        select(*_COLUMNS, first.c.number + 1)
        .join(first, WebhookDelivery.id == _first_behind(first.c.owner, first.c.host))
        .where(first.c.number < bindparam("most"))
    )
    heads = first.union_all(following)
    return (
        select(heads, SilentReceiver.silences, SilentReceiver.paused_until)
        .outerjoin(
            SilentReceiver,
            and_(SilentReceiver.owner == heads.c.owner, SilentReceiver.host == heads.c.host),
        )
        .order_by(heads.c.number)
    )


def _first_behind(owner: Any, host: Any) -> Any:
    """The id of the oldest delivery of the next receiver."""

    def oldest(condition: Callable[[Any], Any]) -> Any:
        one = aliased(WebhookDelivery)
        query = select(one.id).where(is_pending(one), condition(one))
        return query.order_by(one.owner, one.host, one.next_attempt_at).limit(1).scalar_subquery()

    # Not as one comparison of pairs: SQLite reads all of the owner's deliveries for that.
    return func.coalesce(
        oldest(lambda one: and_(one.owner == owner, one.host > host)),
        oldest(lambda one: one.owner > owner),
    )
