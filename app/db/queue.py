"""The queue in `images`: claim, renew, give back, postpone, record."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Select,
    Text,
    and_,
    exists,
    func,
    select,
    true,
    update,
)
from sqlalchemy.types import TypeEngine

from app.db import reuse
from app.db.chosen import addresses, is_among
from app.db.models import Image, ProcessingRequest, Product, RequestId
from app.db.recordset import recordset
from app.db.waiting import PENDING, PROCESSING, claimed_before, first_claims
from app.domain.statuses import RequestStatus


# Tuples both: there is one of each for every image, and frozen dataclasses take thrice as long.
class ClaimedImage(NamedTuple):
    """An image that is ours until its lease ends; `fence` proves it at the write.

    `reuse_key` is what later requests are to find it by; `earlier` is what this one found.
    """

    request_id: str
    seq: int
    fence: int
    attempt: int
    source_url: str
    host: str
    row: int
    position: int
    product_name: str
    reuse_key: str | None = None
    earlier: reuse.EarlierImage | None = None


class Outcome(NamedTuple):
    """What came of one claim. `pending` with `not_before` means: try again then.

    `taken_from` is the request whose row a reused picture was found in: the outcome may only be
    written while that request is held (`reuse.hold`).
    """

    seq: int
    fence: int
    status: str
    not_before: datetime | None = None
    finished_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    http_status: int | None = None
    storage_key: str | None = None
    original_key: str | None = None
    kept: bool | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    input_bytes: int | None = None
    output_bytes: int | None = None
    duration_ms: int | None = None
    notes: tuple[str, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    final_url: str | None = None
    reuse_key: str | None = None
    reused_from: str | None = None
    taken_from: str | None = None


def claim(
    connection: Connection,
    request_id: str,
    *,
    limit: int,
    now: datetime,
    lease_until: datetime,
    other_than: Collection[str] = (),
    behind: int | None = None,
    scope: reuse.Scope | None = None,
) -> list[ClaimedImage]:
    """Take up to `limit` due images of a request that is being processed.

    Those that nobody has claimed before come first, in the file's order; then those that were
    given back or are to be tried again, in the order in which they are due. Images of the hosts in
    `other_than` are left where they are. What earlier requests in `scope` made of the same URLs
    comes with them.

    Args:
        behind: search for the former only behind this `seq`; None: from `requests.claimed_to` on.
            A search steps over all images that were claimed meanwhile.
    """
    others = Image.host.not_in(other_than) if other_than else true()
    first = (
        addresses(connection, Image)
        .where(first_claims(request_id, behind=behind), others)
        .order_by(Image.seq)
    )
    again = (
        addresses(connection, Image)
        .where(claimed_before(request_id), Image.not_before <= now, others)
        .order_by(Image.not_before, Image.seq)
    )
    rows = _take(connection, request_id, first.limit(limit), lease_until)
    rows.sort(key=lambda row: row.seq)
    if len(rows) < limit:
        tried = _take(connection, request_id, again.limit(limit - len(rows)), lease_until)
        rows += sorted(tried, key=lambda row: (row.not_before, row.seq))
    names = _product_names(connection, request_id, {row.row for row in rows})
    keys = {row.seq: scope.key_of(row.source_url) for row in rows} if scope is not None else {}
    earlier = (
        reuse.find(connection, request_id, keys)
        if scope is not None and scope.look and keys
        else {}
    )
    return [
        ClaimedImage(
            request_id=request_id,
            seq=row.seq,
            fence=row.fence,
            attempt=row.attempts,
            source_url=row.source_url,
            host=row.host,
            row=row.row,
            position=row.position,
            product_name=names.get(row.row, ""),
            reuse_key=keys.get(row.seq),
            earlier=earlier.get(row.seq),
        )
        for row in rows
    ]


def _take(
    connection: Connection, request_id: str, chosen: Select[Any], lease_until: datetime
) -> list[Any]:
    """Claim what the query chooses and nobody else is taking, in no particular order."""
    open_request = exists(
        select(ProcessingRequest.id).where(
            ProcessingRequest.id == request_id,
            ProcessingRequest.status == RequestStatus.PROCESSING.value,
            ProcessingRequest.deleted_at.is_(None),
        )
    )
    statement = (
        update(Image)
        .where(is_among(connection, Image, chosen.with_for_update(skip_locked=True)), open_request)
        .values(
            status=PROCESSING,
            fence=Image.fence + 1,
            attempts=Image.attempts + 1,
            leased_until=lease_until,
        )
        .returning(
            Image.seq,
            Image.not_before,
            Image.fence,
            Image.attempts,
            Image.source_url,
            Image.host,
            Image.row,
            Image.position,
        )
    )
    return list(connection.execute(statement).all())


def _product_names(connection: Connection, request_id: str, rows: set[int]) -> dict[int, str]:
    if not rows:
        return {}
    query = select(Product.row, Product.name).where(
        Product.request_id == request_id,
        # Says no more than the next line; see `_still_ours`.
        Product.row.between(min(rows), max(rows)),
        Product.row.in_(rows),
    )
    return {found.row: found.name for found in connection.execute(query)}


_CLAIM_COLUMNS: dict[str, TypeEngine[Any]] = {"seq": BigInteger(), "fence": BigInteger()}


def renew(
    connection: Connection,
    request_id: str,
    claims: Sequence[ClaimedImage],
    *,
    lease_until: datetime,
) -> set[int]:
    """Lengthen the leases that are still ours; returns their `seq`."""
    held = recordset(connection, "held", _CLAIM_COLUMNS, _claim_rows(claims))
    statement = (
        update(Image)
        .where(_still_ours(request_id, held, claims))
        .values(leased_until=lease_until)
        .returning(Image.seq)
    )
    return set(connection.execute(statement).scalars())


def give_back(
    connection: Connection, request_id: str, claims: Sequence[ClaimedImage] | Sequence[Outcome]
) -> None:
    """Return claims that were not worked to the end; the attempt does not count."""
    if not claims:
        return
    held = recordset(connection, "held", _CLAIM_COLUMNS, _claim_rows(claims))
    connection.execute(
        update(Image)
        .where(_still_ours(request_id, held, claims))
        .values(status=PENDING, leased_until=None, attempts=Image.attempts - 1)
    )


_OUTCOME_COLUMNS: dict[str, TypeEngine[Any]] = {
    "seq": BigInteger(),
    "fence": BigInteger(),
    "status": Text(),
    "not_before": Image.__table__.c.not_before.type,
    "finished_at": Image.__table__.c.finished_at.type,
    "error_code": Text(),
    "error_message": Text(),
    "http_status": BigInteger(),
    "storage_key": Text(),
    "original_key": Text(),
    "kept": Boolean(),
    "format": Text(),
    "width": BigInteger(),
    "height": BigInteger(),
    "input_bytes": BigInteger(),
    "output_bytes": BigInteger(),
    "duration_ms": BigInteger(),
    "notes": Text(),
    "etag": Text(),
    "last_modified": Text(),
    "final_url": Text(),
    "reuse_key": Text(),
    "reused_from": RequestId,
}


def record(
    connection: Connection, request_id: str, outcomes: Sequence[Outcome]
) -> set[tuple[int, int]]:
    """Write outcomes whose claims are still ours; returns `seq` and `fence` of those written.

    An outcome that is not among them came too late: its lease had ended, or the request was
    cancelled. It must not be counted. The fence is part of the answer, because one batch may hold
    two outcomes of an image: a worker that overslept its own lease may have claimed it again.
    """
    rows = [_outcome_row(outcome) for outcome in outcomes]
    done = recordset(connection, "done", _OUTCOME_COLUMNS, rows)
    columns: dict[str, Any] = {
        name: done.c[name] for name in _OUTCOME_COLUMNS if name not in {"seq", "fence"}
    }
    columns["not_before"] = func.coalesce(done.c.not_before, Image.not_before)
    statement = (
        update(Image)
        .where(_still_ours(request_id, done, outcomes))
        .values(**columns, leased_until=None)
        .returning(Image.seq, Image.fence)
    )
    return {(row.seq, row.fence) for row in connection.execute(statement)}


def _still_ours(
    request_id: str, held: Any, claims: Sequence[ClaimedImage] | Sequence[Outcome]
) -> Any:
    numbers = [claim.seq for claim in claims]
    return and_(
        Image.request_id == request_id,
        # Says no more than the next line; but before its first ANALYZE, Postgres would read the
        # request's whole index for every batch.
        Image.seq.between(min(numbers), max(numbers)),
        Image.seq == held.c.seq,
        Image.fence == held.c.fence,
        Image.status == PROCESSING,
    )


def _claim_rows(
    claims: Sequence[ClaimedImage] | Sequence[Outcome],
) -> list[Mapping[str, Any]]:
    return [{"seq": image.seq, "fence": image.fence} for image in claims]


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    # What is missing is NULL on the other side.
    row: dict[str, Any] = {
        name: value
        for name, value in outcome._asdict().items()
        if value is not None and name in _OUTCOME_COLUMNS
    }
    row["notes"] = "; ".join(outcome.notes) or None
    if outcome.reused_from:
        # The spelling of an id that SQLite's column holds, and that Postgres reads as well.
        row["reused_from"] = outcome.reused_from.replace("-", "")
    for name in ("not_before", "finished_at"):
        if name in row:
            # The text form that SQLite's column holds, and that Postgres reads as UTC.
            row[name] = row[name].replace(tzinfo=None).isoformat(" ", "microseconds")
    return row


def expired(connection: Connection, *, now: datetime, limit: int) -> Sequence[Any]:
    """Claims whose lease ended, locked: (request_id, seq, fence, attempts)."""
    query = (
        select(Image.request_id, Image.seq, Image.fence, Image.attempts)
        .where(Image.status == PROCESSING, Image.leased_until < now)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return connection.execute(query).all()
