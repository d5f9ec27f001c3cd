"""What came of claimed images, written where the claim still counts."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Connection, Text, Update, func, update
from sqlalchemy.types import TypeEngine

from app.db.dialect import json_rows, json_table, moment_in_json, uuid_in_json
from app.db.models import Image, RequestId
from app.db.queue.fences import bounds, still_ours


# A tuple: there is one for every image, and a frozen dataclass takes three times as long.
class Outcome(NamedTuple):
    """What came of one claim. `pending` with `not_before` means: try again then.

    `host` is the image's, for the counters. With `uncounted` 1 the attempt does not count: the host
    refused, which is no fault of the image. `taken_from` is the request whose row a reused picture
    was found in: the outcome may only be written while that request is held (`reuse.hold`).
    """

    seq: int
    fence: int
    host: str
    status: str
    not_before: datetime | None = None
    uncounted: int | None = None
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
    source_format: str | None = None
    source_width: int | None = None
    source_height: int | None = None
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


_COLUMNS: dict[str, TypeEngine[Any]] = {
    "seq": BigInteger(),
    "fence": BigInteger(),
    "status": Text(),
    "uncounted": BigInteger(),
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
    "source_format": Text(),
    "source_width": BigInteger(),
    "source_height": BigInteger(),
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


def write_outcomes(
    connection: Connection, request_id: str, outcomes: Sequence[Outcome]
) -> set[tuple[int, int]]:
    """Write outcomes whose claims are still ours; returns `seq` and `fence` of those written.

    An outcome that is not among them came too late: its lease had ended, or the request was
    cancelled. It must not be counted. The fence is part of the answer, because one batch may hold
    two outcomes of an image: a worker that overslept its own lease may have claimed it again.
    """
    done = json_rows([_row(outcome) for outcome in outcomes])
    statement = _write(connection.dialect.name)
    written = connection.execute(statement, {**bounds(request_id, outcomes), "done": done})
    return {(row.seq, row.fence) for row in written}


@cache
def _write(dialect: str) -> Update:
    done = json_table(dialect, "done", _COLUMNS)
    columns: dict[str, Any] = {
        name: done.c[name] for name in _COLUMNS if name not in {"seq", "fence", "uncounted"}
    }
    columns["attempts"] = Image.attempts - func.coalesce(done.c.uncounted, 0)
    columns["not_before"] = func.coalesce(done.c.not_before, Image.not_before)
    return (
        update(Image)
        .where(still_ours(done))
        .values(**columns, leased_until=None)
        .returning(Image.seq, Image.fence)
    )


def _row(outcome: Outcome) -> dict[str, Any]:
    # What is missing is NULL on the other side.
    row: dict[str, Any] = {
        name: value
        for name, value in outcome._asdict().items()
        if value is not None and name in _COLUMNS
    }
    row["notes"] = "; ".join(outcome.notes) or None
    if outcome.reused_from:
        row["reused_from"] = uuid_in_json(outcome.reused_from)
    for name in ("not_before", "finished_at"):
        if name in row:
            row[name] = moment_in_json(row[name])
    return row
