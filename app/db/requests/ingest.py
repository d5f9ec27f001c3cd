"""Who writes a request's rows, as a lease with a fence, and how far the writing has come."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from app.db.models import OPEN, ProcessingRequest
from app.db.requests.read import RequestRow
from app.domain.statuses import RequestStatus


def claim_ingest(
    connection: Connection, request_id: str, *, now: datetime, lease_until: datetime
) -> RequestRow | None:
    """Take the writing of this request's rows; None when somebody holds it or it is done."""
    statement = (
        update(ProcessingRequest)
        .where(
            ProcessingRequest.id == request_id,
            ProcessingRequest.status.in_(OPEN),
            ProcessingRequest.deleted_at.is_(None),
            ProcessingRequest.ingested_at.is_(None),
            or_(
                ProcessingRequest.ingest_leased_until.is_(None),
                ProcessingRequest.ingest_leased_until < now,
            ),
        )
        .values(
            status=RequestStatus.PROCESSING.value,
            ingest_fence=ProcessingRequest.ingest_fence + 1,
            ingest_leased_until=lease_until,
            updated_at=now,
        )
        .returning(ProcessingRequest.__table__)
    )
    return connection.execute(statement).one_or_none()


def advance_ingest(
    connection: Connection,
    request_id: str,
    *,
    fence: int,
    row: int,
    places: int,
    new_images: int,
    lease_until: datetime,
    now: datetime,
) -> bool:
    """Note that all rows up to `row` are in the tables; False when the ingest is no longer ours."""
    statement = (
        update(ProcessingRequest)
        .where(_ingest_is_ours(request_id, fence))
        .values(
            ingested_row=row,
            ingested_places=places,
            ingested_images=ProcessingRequest.ingested_images + new_images,
            ingest_leased_until=lease_until,
            updated_at=now,
        )
    )
    return connection.execute(statement).rowcount == 1


def finish_ingest(connection: Connection, request_id: str, *, fence: int, now: datetime) -> bool:
    """Note that every row is in the tables; False when the ingest is no longer ours."""
    statement = (
        update(ProcessingRequest)
        .where(_ingest_is_ours(request_id, fence))
        .values(
            ingested_at=now,
            ingest_leased_until=None,
            images_total=ProcessingRequest.ingested_images,
            updated_at=now,
        )
    )
    return connection.execute(statement).rowcount == 1


def holds_ingest(
    connection: Connection, request_id: str, *, fence: int, lock: bool = False
) -> bool:
    """True while the ingest with this fence is the one that may write.

    Args:
        lock: keep it so until the transaction ends.
    """
    query = select(ProcessingRequest.id).where(_ingest_is_ours(request_id, fence))
    return connection.execute(query.with_for_update() if lock else query).first() is not None


def release_ingest(connection: Connection, request_id: str, *, fence: int) -> None:
    """Give the ingest back before its lease ends, so that another worker can go on at once."""
    connection.execute(
        update(ProcessingRequest)
        .where(_ingest_is_ours(request_id, fence))
        .values(ingest_leased_until=None)
    )


def _ingest_is_ours(request_id: str, fence: int) -> Any:
    return (
        (ProcessingRequest.id == request_id)
        & (ProcessingRequest.ingest_fence == fence)
        & ProcessingRequest.ingested_at.is_(None)
        & (ProcessingRequest.status == RequestStatus.PROCESSING.value)
        & ProcessingRequest.deleted_at.is_(None)
    )
