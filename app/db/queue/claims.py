"""Claims: images of a request that a worker takes, with what earlier requests made of them."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    bindparam,
    exists,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from app.db.dialect import has_row_id_of, json_rows, json_table, row_ids
from app.db.images import reuse
from app.db.models import Image, ProcessingRequest, Product
from app.db.queue.waiting import PROCESSING, claimed_before, first_claims
from app.domain.statuses import RequestStatus


# A tuple: there is one for every image, and a frozen dataclass takes three times as long.
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
    product_name: str = ""
    reuse_key: str | None = None
    earlier: reuse.EarlierImage | None = None


def claim(
    connection: Connection,
    request_id: str,
    *,
    limit: int,
    now: datetime,
    lease_until: datetime,
    other_than: Collection[str] = (),
    behind: int | None = None,
    beyond: int | None = None,
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
        beyond: search for both only behind this `seq`, wherever the claims have come to.
    """
    dialect, passing = connection.dialect.name, bool(other_than)
    given: dict[str, Any] = {"of_request": request_id, "lease_end": lease_until}
    if passing:
        given["hosts"] = list(other_than)
    behind = behind if beyond is None else beyond
    start = {} if behind is None else {"behind": behind}
    first = _claim_first(dialect, passing=passing, from_start=behind is None)
    taken = connection.execute(first, {**given, **start, "most": limit}).all()
    rows: list[Any] = sorted(taken, key=lambda row: row.seq)
    if len(rows) < limit:
        again = _claim_again(dialect, passing=passing)
        left = {"moment": now, "most": limit - len(rows), "beyond": beyond or 0}
        tried = connection.execute(again, {**given, **left}).all()
        # The last column, behind the image's own, is the time when the image was due.
        rows += [row[:-1] for row in sorted(tried, key=lambda row: (row[-1], row.seq))]
    images = [ClaimedImage(request_id, *row) for row in rows]
    names = _product_names(connection, request_id, {image.row for image in images})
    keys = {image.seq: scope.key_of(image.source_url) for image in images} if scope else {}
    earlier = _earlier(connection, request_id, keys, scope)
    return [
        image._replace(
            product_name=names.get(image.row, ""),
            reuse_key=keys.get(image.seq),
            earlier=earlier.get(image.seq),
        )
        for image in images
    ]


def _earlier(
    connection: Connection, request_id: str, keys: dict[int, str], scope: reuse.Scope | None
) -> dict[int, reuse.EarlierImage]:
    if scope is None or not scope.look or not keys:
        return {}
    return reuse.find(connection, request_id, keys, more_files=scope.more_files)


@cache
def _claim_first(
    dialect: str, *, passing: bool, from_start: bool
) -> ReturningUpdate[*tuple[Any, ...]]:
    behind: Any = None if from_start else bindparam("behind")
    rows_to_claim = (
        row_ids(dialect, Image)
        .where(first_claims(bindparam("of_request"), behind=behind), _others(passing=passing))
        .order_by(Image.seq)
    )
    return _claim(dialect, rows_to_claim)


@cache
def _claim_again(dialect: str, *, passing: bool) -> ReturningUpdate[*tuple[Any, ...]]:
    rows_to_claim = (
        row_ids(dialect, Image)
        .where(
            claimed_before(bindparam("of_request")),
            Image.not_before <= bindparam("moment"),
            Image.seq > bindparam("beyond"),
            _others(passing=passing),
        )
        .order_by(Image.not_before, Image.seq)
    )
    return _claim(dialect, rows_to_claim).returning(Image.not_before)


def _others(*, passing: bool) -> Any:
    return Image.host.not_in(bindparam("hosts", expanding=True)) if passing else true()


def _claim(dialect: str, rows_to_claim: Select[Any]) -> ReturningUpdate[*tuple[Any, ...]]:
    """Claim what the query chooses and nobody else is taking, in no particular order.

    Gives a ClaimedImage's columns from `seq` to `position`.
    """
    open_request = exists(
        select(ProcessingRequest.id).where(
            ProcessingRequest.id == bindparam("of_request"),
            ProcessingRequest.status == RequestStatus.PROCESSING.value,
            ProcessingRequest.deleted_at.is_(None),
        )
    )
    locked = rows_to_claim.limit(bindparam("most")).with_for_update(skip_locked=True)
    return (
        update(Image)
        .where(has_row_id_of(dialect, Image, locked), open_request)
        .values(
            status=PROCESSING,
            fence=Image.fence + 1,
            attempts=Image.attempts + 1,
            leased_until=bindparam("lease_end"),
        )
        .returning(
            Image.seq,
            Image.fence,
            Image.attempts,
            Image.source_url,
            Image.host,
            Image.row,
            Image.position,
        )
    )


def _product_names(connection: Connection, request_id: str, rows: set[int]) -> dict[int, str]:
    if not rows:
        return {}
    statement = _names(connection.dialect.name)
    values = {"of_request": request_id, "first_row": min(rows), "last_row": max(rows)}
    wanted = json_rows([{"row": row} for row in rows])
    found = connection.execute(statement, {**values, "wanted": wanted})
    return dict(found.all())


@cache
def _names(dialect: str) -> Select[int, str]:
    wanted = json_table(dialect, "wanted", {"row": BigInteger()})
    return select(Product.row, Product.name).where(
        Product.request_id == bindparam("of_request"),
        # Redundant; lets the planner use the range, see `still_ours`.
        Product.row.between(bindparam("first_row"), bindparam("last_row")),
        Product.row == wanted.c.row,
    )
