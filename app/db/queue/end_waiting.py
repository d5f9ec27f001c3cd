"""Ends of images that nobody is working on: a request was cancelled, or a host given up."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, update

from app.db.dialect import has_row_id_of, row_ids
from app.db.models import Image
from app.db.queue.waiting import claimed_to, note_claimed, unfinished
from app.domain.statuses import ImageStatus


def cancel_waiting(connection: Connection, request_id: str, *, now: datetime, limit: int) -> int:
    """Mark up to `limit` unfinished images of a cancelled request; returns how many."""
    dialect, marked = connection.dialect.name, 0
    for condition, order in unfinished(request_id, behind=claimed_to(request_id)):
        some = (
            row_ids(dialect, Image)
            .where(condition)
            .order_by(*order)
            .limit(limit - marked)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(Image)
            .where(has_row_id_of(dialect, Image, some))
            .values(status=ImageStatus.CANCELLED.value, leased_until=None, finished_at=now)
        )
        marked += connection.execute(statement).rowcount
    note_claimed(connection, request_id)
    return marked


def fail_waiting(
    connection: Connection,
    request_id: str,
    host: str,
    *,
    code: str,
    message: str,
    after: int,
    now: datetime,
    limit: int,
) -> Sequence[int]:
    """Fail up to `limit` waiting images of a host, those behind the `seq` `after`.

    Returns the `seq` of those that failed. Images in somebody's hands come to their own ends.
    """
    dialect = connection.dialect.name
    some = (
        row_ids(dialect, Image)
        .where(
            Image.request_id == request_id,
            Image.seq > after,
            Image.host == host,
            Image.status == ImageStatus.PENDING.value,
        )
        .order_by(Image.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(Image)
        .where(has_row_id_of(dialect, Image, some))
        .values(
            status=ImageStatus.FAILED.value,
            error_code=code,
            error_message=message,
            http_status=None,
            finished_at=now,
        )
        .returning(Image.seq)
    )
    return connection.execute(statement).scalars().all()
