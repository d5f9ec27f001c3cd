"""A request's counters; they change only in the transactions that change its images' rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from app.db.dialect import upsert
from app.db.models import ProcessingRequest, RequestError
from app.db.requests.read import RequestRow

# How often the images done a second are sampled, and over how long they are averaged.
SPEED_SAMPLE_SECONDS = 2.0
SPEED_AVERAGED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batch of recorded images adds to the request's counters.

    Images that were `given_up` with their host are among the `failed`, and say nothing of how fast
    the work goes.
    """

    completed: int = 0
    failed: int = 0
    kept: int = 0
    reused: int = 0
    input_bytes: int = 0
    output_bytes: int = 0
    errors: Mapping[str, int] | None = None
    given_up: int = 0


def add_counts(
    connection: Connection, request_id: str, counts: Counts, *, now: datetime
) -> RequestRow:
    """Change the counters; only ever in the transaction that changes the images' rows.

    Returns what `finish_if_done` looks at. The row is locked until the transaction ends.
    """
    more = {f"more_{name}": getattr(counts, name) for name in _COUNTED}
    values = {"of_request": request_id, "moment": now, **more}
    row: Row[*tuple[Any, ...]] = connection.execute(_ADD_COUNTS, values).one()
    if counts.errors:
        statement = upsert(connection.dialect.name, RequestError)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[RequestError.request_id, RequestError.code],
                set_={"images": RequestError.images + statement.excluded.images},
            ),
            [
                {"request_id": request_id, "code": code, "images": images}
                for code, images in counts.errors.items()
            ],
        )
    return row


# The counters of `Counts`, by their columns.
_COUNTED = {
    "completed": ProcessingRequest.images_completed,
    "failed": ProcessingRequest.images_failed,
    "kept": ProcessingRequest.images_kept,
    "reused": ProcessingRequest.images_reused,
    "input_bytes": ProcessingRequest.input_bytes,
    "output_bytes": ProcessingRequest.output_bytes,
    "given_up": ProcessingRequest.speed_images,
}
_ADD_COUNTS = (
    update(ProcessingRequest)
    .where(ProcessingRequest.id == bindparam("of_request"))
    .values({column: column + bindparam(f"more_{name}") for name, column in _COUNTED.items()})
    .values(updated_at=bindparam("moment"))
    .returning(
        ProcessingRequest.status,
        ProcessingRequest.ingested_at,
        ProcessingRequest.images_completed,
        ProcessingRequest.images_failed,
        ProcessingRequest.images_total,
        ProcessingRequest.speed_at,
        ProcessingRequest.speed_images,
        ProcessingRequest.images_per_second,
    )
)


def note_speed(connection: Connection, request_id: str, row: RequestRow, *, now: datetime) -> None:
    """Take a sample of how many images are done a second, when the last one is old enough.

    Args:
        row: what `add_counts` returned.
    """
    done = row.images_completed + row.images_failed
    values: dict[str, Any] = {"speed_at": now, "speed_images": done}
    if row.speed_at is not None:
        seconds = (now - row.speed_at).total_seconds()
        if seconds < SPEED_SAMPLE_SECONDS:
            return
        sample = max(done - row.speed_images, 0) / seconds
        weight = min(seconds / SPEED_AVERAGED_SECONDS, 1.0)
        before = row.images_per_second if row.images_per_second is not None else sample
        values["images_per_second"] = before + weight * (sample - before)
    connection.execute(
        update(ProcessingRequest).where(ProcessingRequest.id == request_id).values(values)
    )
