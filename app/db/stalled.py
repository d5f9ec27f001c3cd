"""What the sweep looks for in `requests`: work that nobody is doing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, func, or_, select

from app.db.models import Image, ProcessingRequest
from app.db.waiting import claimed_before, never_claimed, unfinished
from app.domain.statuses import RequestStatus

_OPEN = (RequestStatus.PENDING.value, RequestStatus.PROCESSING.value)
_NEVER_CLAIMED = never_claimed(ProcessingRequest.id, behind=ProcessingRequest.claimed_to)


def to_ingest(connection: Connection, *, now: datetime, limit: int) -> Sequence[str]:
    """Accepted requests whose rows nobody is writing."""
    query = (
        select(ProcessingRequest.id)
        .where(
            ProcessingRequest.status.in_(_OPEN),
            ProcessingRequest.deleted_at.is_(None),
            ProcessingRequest.ingested_at.is_(None),
            or_(
                ProcessingRequest.ingest_leased_until.is_(None),
                ProcessingRequest.ingest_leased_until < now,
            ),
        )
        .order_by(ProcessingRequest.id)
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def with_due_images(connection: Connection, *, now: datetime, limit: int) -> Sequence[str]:
    """Requests that have images which could be claimed now, oldest first."""
    due = or_(
        exists(select(Image.seq).where(_NEVER_CLAIMED)),
        exists(
            select(Image.seq).where(claimed_before(ProcessingRequest.id), Image.not_before <= now)
        ),
    )
    query = (
        select(ProcessingRequest.id)
        .where(
            ProcessingRequest.status == RequestStatus.PROCESSING.value,
            ProcessingRequest.deleted_at.is_(None),
            # Those whose hosts are all held would take the places of those that can be worked on.
            or_(ProcessingRequest.held_until.is_(None), ProcessingRequest.held_until <= now),
            due,
        )
        .order_by(ProcessingRequest.id)
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def full(connection: Connection, *, limit: int) -> Sequence[str]:
    """Open requests in which no image is left to do, but whose end nobody recorded."""
    query = (
        select(ProcessingRequest.id)
        .where(
            ProcessingRequest.status == RequestStatus.PROCESSING.value,
            ProcessingRequest.deleted_at.is_(None),
            ProcessingRequest.ingested_at.is_not(None),
            ProcessingRequest.images_completed + ProcessingRequest.images_failed
            >= ProcessingRequest.images_total,
        )
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def cancelled_with_images(connection: Connection, *, limit: int) -> Sequence[str]:
    """Cancelled requests of which not every image is marked yet."""
    # One question for each way to find them: most cancelled requests have none left, and finding
    # that out must not read all their images at every sweep.
    searches = unfinished(ProcessingRequest.id, behind=ProcessingRequest.claimed_to)
    left = or_(*(exists(select(Image.seq).where(condition)) for condition, _ in searches))
    query = (
        select(ProcessingRequest.id)
        .where(
            ProcessingRequest.status == RequestStatus.CANCELLED.value,
            ProcessingRequest.deleted_at.is_(None),
            ProcessingRequest.images_completed + ProcessingRequest.images_failed
            < ProcessingRequest.images_total,
            left,
        )
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def hidden(connection: Connection, *, limit: int) -> Sequence[str]:
    """Deleted requests whose rows and files are still there."""
    query = (
        select(ProcessingRequest.id).where(ProcessingRequest.deleted_at.is_not(None)).limit(limit)
    )
    return connection.execute(query).scalars().all()


def finished_before(connection: Connection, moment: datetime, *, limit: int) -> Sequence[str]:
    """Ended requests older than the retention allows."""
    query = (
        select(ProcessingRequest.id)
        .where(
            ProcessingRequest.finished_at < moment,
            ProcessingRequest.status.not_in(_OPEN),
            ProcessingRequest.deleted_at.is_(None),
        )
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def counts_by_status(connection: Connection) -> dict[str, int]:
    """How many requests are in each state; for metrics."""
    query = (
        select(ProcessingRequest.status, func.count().label("requests"))
        .where(ProcessingRequest.deleted_at.is_(None))
        .group_by(ProcessingRequest.status)
    )
    return {row.status: row.requests for row in connection.execute(query)}


def waiting(connection: Connection) -> tuple[int, datetime | None]:
    """Images not yet done in open requests, and when the oldest open request was made."""
    query = select(
        func.coalesce(
            func.sum(
                ProcessingRequest.images_total
                - ProcessingRequest.images_completed
                - ProcessingRequest.images_failed
            ),
            0,
        ),
        func.min(ProcessingRequest.created_at),
    ).where(ProcessingRequest.status.in_(_OPEN), ProcessingRequest.deleted_at.is_(None))
    images, oldest = connection.execute(query).one()
    return int(images), oldest
