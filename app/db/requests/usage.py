"""What one API key uses of the service, as `requests` has it: all API processes count the same."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from app.db.dialect import lock_name
from app.db.models import OPEN, ProcessingRequest

# First half of the advisory lock's name on Postgres; any number that nobody else takes.
USAGE_LOCK = 7_340_613
# The difference that is allowed between the clocks of API processes.
CLOCK_SKEW = timedelta(minutes=1)


def lock(connection: Connection, owner: str) -> None:
    """Let the writers of one owner go on one after the other, until the transaction ends.

    Two uploads at the same moment would else both count without the other.
    """
    lock_name(connection, USAGE_LOCK, owner)


def uploads_since(
    connection: Connection, owner: str, since: datetime, *, limit: int
) -> Sequence[datetime]:
    """When the owner's newest uploads after `since` were made, newest first, at most `limit`."""
    query = (
        select(ProcessingRequest.created_at)
        .where(
            ProcessingRequest.owner == owner,
            # Ids begin with the time, so this is a short piece of the index by owner and id.
            ProcessingRequest.id >= _first_id_of(since - CLOCK_SKEW),
            ProcessingRequest.created_at > since,
        )
        .order_by(ProcessingRequest.id.desc())
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def open_images(connection: Connection, owner: str) -> int:
    """Images not yet done in the owner's open requests."""
    left = (
        ProcessingRequest.images_total
        - ProcessingRequest.images_completed
        - ProcessingRequest.images_failed
    )
    # Written into the statement: an engine only uses the index of the owner's open requests where
    # it sees that it fits.
    is_open = ProcessingRequest.status.in_(
        bindparam("open", list(OPEN), expanding=True, literal_execute=True)
    )
    query = select(func.coalesce(func.sum(left), 0)).where(
        is_open, ProcessingRequest.owner == owner, ProcessingRequest.deleted_at.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def _first_id_of(moment: datetime) -> str:
    """The least UUIDv7 of a millisecond: its first 48 bits are the Unix time."""
    return str(uuid.UUID(int=int(moment.timestamp() * 1000) << 80))
