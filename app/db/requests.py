"""Queries on `requests` and its error counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.db.models import ProcessingRequest, RequestError
from app.domain.statuses import RequestStatus

RequestRow = Row[Any]

# How often the images done a second are sampled, and over how long they are averaged.
SPEED_SAMPLE_SECONDS = 2.0
SPEED_AVERAGED_SECONDS = 10.0

_OPEN = (RequestStatus.PENDING.value, RequestStatus.PROCESSING.value)


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert one request."""
    connection.execute(insert(ProcessingRequest).values(**values))


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


# --- ingest ---------------------------------------------------------------------------------------


def claim_ingest(
    connection: Connection, request_id: str, *, now: datetime, lease_until: datetime
) -> RequestRow | None:
    """Take the writing of this request's rows; None when somebody holds it or it is done."""
    statement = (
        update(ProcessingRequest)
        .where(
            ProcessingRequest.id == request_id,
            ProcessingRequest.status.in_(_OPEN),
            ProcessingRequest.deleted_at.is_(None),
            ProcessingRequest.ingested_at.is_(None),
            or_(
                ProcessingRequest.ingest_leased_until.is_(None),
                ProcessingRequest.ingest_leased_until < now,
            ),
        )
        .values(
            status=RequestStatus.PROCESSING.value,
            ingest_fence=ProcessingRequest.ingest_fence + 1,
            ingest_leased_until=lease_until,
            updated_at=now,
        )
        .returning(ProcessingRequest.__table__)
    )
    return connection.execute(statement).one_or_none()


def advance_ingest(
    connection: Connection,
    request_id: str,
    *,
    fence: int,
    row: int,
    places: int,
    new_images: int,
    lease_until: datetime,
    now: datetime,
) -> bool:
    """Note that all rows up to `row` are in the tables; False when the ingest is no longer ours."""
    statement = (
        update(ProcessingRequest)
        .where(_ingest_is_ours(request_id, fence))
        .values(
            ingested_row=row,
            ingested_places=places,
            ingested_images=ProcessingRequest.ingested_images + new_images,
            ingest_leased_until=lease_until,
            updated_at=now,
        )
    )
    return connection.execute(statement).rowcount == 1


def finish_ingest(connection: Connection, request_id: str, *, fence: int, now: datetime) -> bool:
    """Note that every row is in the tables; False when the ingest is no longer ours."""
    statement = (
        update(ProcessingRequest)
        .where(_ingest_is_ours(request_id, fence))
        .values(
            ingested_at=now,
            ingest_leased_until=None,
            images_total=ProcessingRequest.ingested_images,
            updated_at=now,
        )
    )
    return connection.execute(statement).rowcount == 1


def holds_ingest(
    connection: Connection, request_id: str, *, fence: int, lock: bool = False
) -> bool:
    """True while the ingest with this fence is the one that may write.

    Args:
        lock: keep it so until the transaction ends.
    """
    query = select(ProcessingRequest.id).where(_ingest_is_ours(request_id, fence))
    return connection.execute(query.with_for_update() if lock else query).first() is not None


def release_ingest(connection: Connection, request_id: str, *, fence: int) -> None:
    """Give the ingest back before its lease ends, so that another worker can go on at once."""
    connection.execute(
        update(ProcessingRequest)
        .where(_ingest_is_ours(request_id, fence))
        .values(ingest_leased_until=None)
    )


def _ingest_is_ours(request_id: str, fence: int) -> Any:
    return (
        (ProcessingRequest.id == request_id)
        & (ProcessingRequest.ingest_fence == fence)
        & ProcessingRequest.ingested_at.is_(None)
        & (ProcessingRequest.status == RequestStatus.PROCESSING.value)
        & ProcessingRequest.deleted_at.is_(None)
    )


# --- counters and ends ----------------------------------------------------------------------------


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
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        upsert = dialect.insert(RequestError)
        connection.execute(
            upsert.on_conflict_do_update(
                index_elements=[RequestError.request_id, RequestError.code],
                set_={"images": RequestError.images + upsert.excluded.images},
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


def end(
    connection: Connection,
    request_id: str,
    *,
    status: RequestStatus,
    reason: str | None,
    now: datetime,
) -> RequestRow | None:
    """Move an open request to a final state; None when it is in one already."""
    statement = (
        update(ProcessingRequest)
        .where(
            ProcessingRequest.id == request_id,
            ProcessingRequest.status.in_(_OPEN),
            ProcessingRequest.deleted_at.is_(None),
        )
        .values(
            status=status.value,
            reason=reason,
            finished_at=now,
            updated_at=now,
            ingest_leased_until=None,
        )
        .returning(ProcessingRequest.__table__)
    )
    return connection.execute(statement).one_or_none()


def hold(connection: Connection, request_id: str, *, until: datetime) -> None:
    """Note that every image which is left waits for its host until then."""
    connection.execute(
        update(ProcessingRequest).where(ProcessingRequest.id == request_id).values(held_until=until)
    )


def reopen(
    connection: Connection, request_id: str, *, errors: Mapping[str, int], now: datetime
) -> RequestRow | None:
    """Put an ended request back to work; None when it is open or deleted.

    Args:
        errors: how many failed images are to be done again, by error code.
    """
    again = sum(errors.values())
    statement = (
        update(ProcessingRequest)
        .where(
            ProcessingRequest.id == request_id,
            ProcessingRequest.status.not_in(_OPEN),
            ProcessingRequest.deleted_at.is_(None),
        )
        .values(
            status=RequestStatus.PROCESSING.value,
            reason=None,
            finished_at=None,
            images_failed=ProcessingRequest.images_failed - again,
            run=ProcessingRequest.run + 1,
            # What was known when the request ended says nothing about the images of now.
            held_until=None,
            images_per_second=None,
            speed_at=None,
            updated_at=now,
        )
        .returning(ProcessingRequest.__table__)
    )
    row = connection.execute(statement).one_or_none()
    if row is not None and errors:
        fewer = (
            update(RequestError)
            .where(
                RequestError.request_id == bindparam("of_request"),
                RequestError.code == bindparam("of_code"),
            )
            .values(images=RequestError.images - bindparam("again"))
        )
        connection.execute(
            fewer,
            [
                {"of_request": request_id, "of_code": code, "again": images}
                for code, images in errors.items()
            ],
        )
    return row


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


def hide(connection: Connection, request_id: str, *, now: datetime) -> bool:
    """Mark a request as deleted; False when it was already."""
    statement = (
        update(ProcessingRequest)
        .where(ProcessingRequest.id == request_id, ProcessingRequest.deleted_at.is_(None))
        .values(deleted_at=now, updated_at=now)
    )
    return connection.execute(statement).rowcount == 1


def remove(connection: Connection, request_id: str) -> None:
    """Delete the request's own row; deliveries, error counts and idempotency keys go with it."""
    connection.execute(delete(ProcessingRequest).where(ProcessingRequest.id == request_id))
