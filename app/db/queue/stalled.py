"""What the sweep looks for in `requests`: work that nobody is doing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, or_, select

from app.db.models import OPEN, Image, ProcessingRequest
from app.db.queue.waiting import claimed_before, never_claimed, unfinished
from app.domain.statuses import RequestStatus

_NEVER_CLAIMED = never_claimed(ProcessingRequest.id, behind=ProcessingRequest.claimed_to)


def to_ingest(connection: Connection, *, now: datetime, limit: int) -> Sequence[str]:
    """Accepted requests whose rows nobody is writing."""
    query = (
        select(ProcessingRequest.id)
        .where(
            ProcessingRequest.status.in_(OPEN),
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


def hidden(
    connection: Connection, *, limit: int, counted_since: datetime | None = None
) -> Sequence[str]:
    """Deleted requests whose rows and files are still there and may go.

    Args:
        counted_since: leave out what an owner uploaded after it, as that still counts.
    """
    query = (
        select(ProcessingRequest.id).where(ProcessingRequest.deleted_at.is_not(None)).limit(limit)
    )
    if counted_since is not None:
        query = query.where(
            (ProcessingRequest.owner == "") | (ProcessingRequest.created_at <= counted_since)
        )
    return connection.execute(query).scalars().all()


def finished_before(connection: Connection, moment: datetime, *, limit: int) -> Sequence[str]:
    """Ended requests older than the retention allows."""
    query = (
        select(ProcessingRequest.id)
        .where(
            ProcessingRequest.finished_at < moment,
            ProcessingRequest.status.not_in(OPEN),
            ProcessingRequest.deleted_at.is_(None),
        )
        .limit(limit)
    )
    return connection.execute(query).scalars().all()
