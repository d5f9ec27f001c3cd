"""Leases of claimed images: renewed, given back, or ended without a word."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from app.db.models import Image
from app.db.queue.fences import Claim, held_claims, parameters, still_ours
from app.db.queue.waiting import PENDING, PROCESSING


def renew(
    connection: Connection, request_id: str, claims: Sequence[Claim], *, lease_until: datetime
) -> set[int]:
    """Lengthen the leases that are still ours; returns their `seq`."""
    statement = (
        update(Image)
        .where(still_ours(held_claims(connection.dialect.name)))
        .values(leased_until=lease_until)
        .returning(Image.seq)
    )
    return set(connection.execute(statement, parameters(request_id, claims)).scalars())


def give_back(connection: Connection, request_id: str, claims: Sequence[Claim]) -> None:
    """Return claims that were not worked to the end; the attempt does not count."""
    if not claims:
        return
    statement = (
        update(Image)
        .where(still_ours(held_claims(connection.dialect.name)))
        .values(status=PENDING, leased_until=None, attempts=Image.attempts - 1)
    )
    connection.execute(statement, parameters(request_id, claims))


def expired(connection: Connection, *, now: datetime, limit: int) -> Sequence[Any]:
    """Claims whose lease ended, locked: (request_id, seq, fence, attempts, host)."""
    query = (
        select(Image.request_id, Image.seq, Image.fence, Image.attempts, Image.host)
        .where(Image.status == PROCESSING, Image.leased_until < now)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return connection.execute(query).all()
