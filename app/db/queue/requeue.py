"""Queries that put ended images back to work: the failed ones, and a cancelled request's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal, select, update

from app.db.models import Image
from app.domain.errors import InternalError
from app.domain.statuses import ImageStatus


def count_failed(
    connection: Connection, request_id: str, *, code: str | None = None, host: str | None = None
) -> Sequence[Row[str, str, int]]:
    """How many images failed, by host and error code: what `requeue_failed` is about to reset.

    Exact for a transaction that holds the request's row: nobody counts a failure without it.
    """
    # A column and not a parameter: Postgres groups only by what it sees to be the same.
    error_code = func.coalesce(Image.error_code, literal(InternalError.code, literal_execute=True))
    query = select(Image.host, error_code, func.count()).where(
        _failed(request_id, code=code, host=host)
    )
    return connection.execute(query.group_by(Image.host, error_code)).all()


def requeue_failed(
    connection: Connection,
    request_id: str,
    *,
    code: str | None = None,
    host: str | None = None,
    now: datetime,
) -> int:
    """Make every failed image, or those of a code or host, wait again; returns how many."""
    statement = update(Image).where(_failed(request_id, code=code, host=host))
    return connection.execute(statement.values(**_clean_slate(now))).rowcount


def requeue_cancelled(connection: Connection, request_id: str, *, now: datetime) -> int:
    """Make every cancelled image wait for its turn; returns how many."""
    statement = (
        update(Image)
        .where(Image.request_id == request_id, Image.status == ImageStatus.CANCELLED.value)
        # One that was never claimed is before `requests.claimed_to`, where nobody looks for a
        # first claim any more. With a fence it waits like those that were given back.
        .values(**_clean_slate(now), fence=Image.fence + 1)
    )
    return connection.execute(statement).rowcount


def _failed(request_id: str, *, code: str | None, host: str | None) -> ColumnElement[bool]:
    # Written into the statement, so that an engine sees that the index of the failed ones fits.
    status = literal(ImageStatus.FAILED.value, literal_execute=True)
    conditions = [Image.request_id == request_id, Image.status == status]
    if code is not None:
        conditions.append(Image.error_code == code)
    if host is not None:
        conditions.append(Image.host == host)
    return and_(*conditions)


def _clean_slate(now: datetime) -> dict[str, Any]:
    return {
        "status": ImageStatus.PENDING.value,
        "not_before": now,
        "attempts": 0,
        "error_code": None,
        "error_message": None,
        "http_status": None,
        "finished_at": None,
    }
