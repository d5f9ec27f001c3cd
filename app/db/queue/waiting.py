"""Which images wait: for their first claim, found by the key, or for another one, by an index.

An index entry for every image until its first claim would be a quarter of what Postgres does at
the ingest, for an order that the key also has (docs/decisions/0013). What was never claimed is
behind `requests.claimed_to`, so that no search begins at the request's first image again.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, update

from app.db.hosts.request_hosts import others_pending
from app.db.models import Image, ProcessingRequest
from app.domain.statuses import ImageStatus

PENDING = ImageStatus.PENDING.value
PROCESSING = ImageStatus.PROCESSING.value


def never_claimed(request_id: Any, *, behind: Any) -> ColumnElement[bool]:
    """True for images that wait for their first claim; to be searched in the order of `seq`.

    Args:
        request_id: a value, or the column of an outer query.
        behind: the `seq` to begin behind: where an earlier search came to, or `claimed_to`.
    """
    return and_(
        Image.request_id == request_id,
        Image.seq > behind,
        Image.status == PENDING,
        Image.fence == 0,
    )


def claimed_before(request_id: Any) -> ColumnElement[bool]:
    """True for images that were given back or are to be tried again, from `not_before` on."""
    return and_(Image.request_id == request_id, Image.status == PENDING, Image.fence > 0)


def unfinished(
    request_id: Any, *, behind: Any
) -> tuple[tuple[ColumnElement[bool], tuple[Any, ...]], ...]:
    """Each way to find what is not done, with the order in which its index has it.

    Args:
        request_id, behind: as for `never_claimed`.
    """
    processing = and_(Image.request_id == request_id, Image.status == PROCESSING)
    return (
        (never_claimed(request_id, behind=behind), (Image.seq,)),
        (claimed_before(request_id), (Image.not_before, Image.seq)),
        (processing, (Image.leased_until,)),
    )


def claimed_to(request_id: Any) -> Any:
    """The image behind which a new search begins; the id is a value or a parameter."""
    query = select(ProcessingRequest.claimed_to).where(ProcessingRequest.id == request_id)
    return query.scalar_subquery()


def first_claims(request_id: Any, *, behind: Any = None) -> ColumnElement[bool]:
    """`never_claimed` behind this `seq`, or from `claimed_to` on; values or parameters both."""
    start = claimed_to(request_id) if behind is None else behind
    return never_claimed(request_id, behind=start)


def next_due(
    connection: Connection, request_id: str, *, other_than: Collection[str] = ()
) -> datetime | None:
    """When the next waiting image of this request may be claimed; None when none waits.

    Args:
        other_than: hosts whose images do not count; reading past them takes time, see
            `others_wait`.
    """
    due = select(Image.not_before)
    if other_than:
        if not others_pending(connection, request_id, other_than):
            return None
        due = due.where(Image.host.not_in(other_than))
    first = due.where(first_claims(request_id)).order_by(Image.seq)
    again = due.where(claimed_before(request_id)).order_by(Image.not_before)
    for query in (first, again):
        found = connection.execute(query.limit(1)).scalar_one_or_none()
        if found is not None:
            return found
    return None


def others_wait(
    connection: Connection, request_id: str, *, now: datetime, other_than: Collection[str]
) -> bool:
    """True when an image is due whose host is none of `other_than`.

    Reads past every due image of those hosts, so its cost grows with their number; but not where
    the counters say that there are no others.
    """
    if not others_pending(connection, request_id, other_than):
        return False
    others = Image.host.not_in(other_than)
    first = select(Image.seq).where(first_claims(request_id), others).order_by(Image.seq)
    again = select(Image.seq).where(claimed_before(request_id), Image.not_before <= now, others)
    return any(connection.execute(query.limit(1)).first() for query in (first, again))


def note_claimed(connection: Connection, request_id: str) -> None:
    """Move `claimed_to` up to the first image that waits for its first claim.

    It reads the images that were claimed since the last time. One that another transaction is
    taking still counts as waiting, so that none is ever left behind.
    """
    first = _seq_of(first_claims(request_id)).order_by(Image.seq)
    last = _seq_of(Image.request_id == request_id).order_by(Image.seq.desc())
    # One statement and so one snapshot: rows that the ingest adds later come behind it.
    query = select(
        func.coalesce(first.limit(1).scalar_subquery() - 1, last.limit(1).scalar_subquery(), 0)
    )
    reached = connection.execute(query).scalar_one()
    connection.execute(
        update(ProcessingRequest)
        .where(ProcessingRequest.id == request_id, ProcessingRequest.claimed_to < reached)
        .values(claimed_to=reached)
    )


def _seq_of(condition: ColumnElement[bool]) -> Select[int]:
    return select(Image.seq).where(condition)
