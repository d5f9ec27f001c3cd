"""How many requests and images there are in each state; for metrics and for health."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from app.db.models import OPEN, ProcessingRequest


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
    ).where(ProcessingRequest.status.in_(OPEN), ProcessingRequest.deleted_at.is_(None))
    images, oldest = connection.execute(query).one()
    return int(images), oldest
