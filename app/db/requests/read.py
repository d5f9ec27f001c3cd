"""Requests as they are: one, a page of them, their error counts, and when they were made."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from app.db.models import ProcessingRequest, RequestError

RequestRow = Row[Any]


def get(
    connection: Connection, request_id: str, *, lock: bool = False, deleted: bool = False
) -> RequestRow | None:
    """One request, or None when there is none or it was deleted (unless `deleted`)."""
    query = _get(lock=lock, deleted=deleted)
    return connection.execute(query, {"of_request": request_id}).one_or_none()


@cache
def _get(*, lock: bool, deleted: bool) -> Select[*tuple[Any, ...]]:
    query = select(ProcessingRequest.__table__).where(
        ProcessingRequest.id == bindparam("of_request")
    )
    if not deleted:
        query = query.where(ProcessingRequest.deleted_at.is_(None))
    return query.with_for_update() if lock else query


def page(
    connection: Connection, *, owner: str, before: str | None, status: str | None, limit: int
) -> Sequence[RequestRow]:
    """Up to `limit` requests, newest first, older than the id `before`."""
    query = select(ProcessingRequest.__table__).where(ProcessingRequest.deleted_at.is_(None))
    if owner:
        query = query.where(ProcessingRequest.owner == owner)
    if before is not None:
        query = query.where(ProcessingRequest.id < before)
    if status is not None:
        query = query.where(ProcessingRequest.status == status)
    # Ids are UUIDv7: their order is the order of creation.
    return connection.execute(query.order_by(ProcessingRequest.id.desc()).limit(limit)).all()


def error_counts(connection: Connection, request_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Failed images by error code, for each of these requests."""
    counts: dict[str, dict[str, int]] = {request_id: {} for request_id in request_ids}
    query = (
        select(RequestError.request_id, RequestError.code, RequestError.images)
        .where(RequestError.request_id.in_(request_ids), RequestError.images > 0)
        .order_by(RequestError.images.desc(), RequestError.code)
    )
    for request_id, code, images in connection.execute(query):
        counts[request_id][code] = images
    return counts


def known(connection: Connection, request_ids: Collection[str]) -> set[str]:
    """Which of these requests have a row, deleted ones that are not purged yet included."""
    query = select(ProcessingRequest.id).where(ProcessingRequest.id.in_(request_ids))
    return set(connection.execute(query).scalars())


def time_span(connection: Connection) -> tuple[datetime, datetime] | None:
    """When the oldest and the newest request were made, deleted ones included; None: no request."""
    made = select(ProcessingRequest.created_at)
    oldest = connection.execute(made.order_by(ProcessingRequest.id).limit(1)).scalar_one_or_none()
    newest = connection.execute(made.order_by(ProcessingRequest.id.desc()).limit(1)).scalar()
    return (oldest, newest) if oldest is not None and newest is not None else None
