"""A request's own row from its first state to its end: add, end, reopen, hide, remove."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from app.db.models import OPEN, ProcessingRequest, RequestError
from app.db.requests.read import RequestRow
from app.domain.statuses import RequestStatus


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert one request."""
    connection.execute(insert(ProcessingRequest).values(**values))


def end(
    connection: Connection,
    request_id: str,
    *,
    status: RequestStatus,
    reason: str | None,
    now: datetime,
) -> RequestRow | None:
    """Move an open request to a final state; None when it is in one already."""
    statement = (
        update(ProcessingRequest)
        .where(
            ProcessingRequest.id == request_id,
            ProcessingRequest.status.in_(OPEN),
            ProcessingRequest.deleted_at.is_(None),
        )
        .values(
            status=status.value,
            reason=reason,
            finished_at=now,
            updated_at=now,
            ingest_leased_until=None,
        )
        .returning(ProcessingRequest.__table__)
    )
    return connection.execute(statement).one_or_none()


def hold(connection: Connection, request_id: str, *, until: datetime) -> None:
    """Note that every image which is left waits for its host until then."""
    connection.execute(
        update(ProcessingRequest).where(ProcessingRequest.id == request_id).values(held_until=until)
    )


def reopen(
    connection: Connection, request_id: str, *, errors: Mapping[str, int], now: datetime
) -> RequestRow | None:
    """Put an ended request back to work; None when it is open or deleted.

    Args:
        errors: how many failed images are to be done again, by error code.
    """
    again = sum(errors.values())
    statement = (
        update(ProcessingRequest)
        .where(
            ProcessingRequest.id == request_id,
            ProcessingRequest.status.not_in(OPEN),
            ProcessingRequest.deleted_at.is_(None),
        )
        .values(
            status=RequestStatus.PROCESSING.value,
            reason=None,
            finished_at=None,
            images_failed=ProcessingRequest.images_failed - again,
            run=ProcessingRequest.run + 1,
            # What was known when the request ended says nothing about the images of now.
            held_until=None,
            images_per_second=None,
            speed_at=None,
            updated_at=now,
        )
        .returning(ProcessingRequest.__table__)
    )
    row = connection.execute(statement).one_or_none()
    if row is not None and errors:
        fewer = (
            update(RequestError)
            .where(
                RequestError.request_id == bindparam("of_request"),
                RequestError.code == bindparam("of_code"),
            )
            .values(images=RequestError.images - bindparam("again"))
        )
        connection.execute(
            fewer,
            [
                {"of_request": request_id, "of_code": code, "again": images}
                for code, images in errors.items()
            ],
        )
    return row


def hide(connection: Connection, request_id: str, *, now: datetime) -> bool:
    """Mark a request as deleted; False when it was already."""
    statement = (
        update(ProcessingRequest)
        .where(ProcessingRequest.id == request_id, ProcessingRequest.deleted_at.is_(None))
        .values(deleted_at=now, updated_at=now)
    )
    return connection.execute(statement).rowcount == 1


def remove(connection: Connection, request_id: str) -> None:
    """Delete the request's own row; deliveries, error counts and idempotency keys go with it."""
    connection.execute(delete(ProcessingRequest).where(ProcessingRequest.id == request_id))
