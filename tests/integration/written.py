"""Requests whose outcomes the test decides: through the worker's own queries, without a worker."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from app.adapters import now
from app.db import queue
from app.db.models import Host, Image, RequestHost
from app.db.queue import Outcome
from app.domain.results import ImageResult, Source, StoredFile
from app.ending.record import record_outcomes
from app.intake.ingest import ingest
from tests.factories import make_csv
from tests.integration.bench import Bench

DONE, LEFT = "done", "left"
ALL_AT_ONCE = 10_000


def add_images(service: Bench, wanted: Mapping[str, str], *, names: Sequence[str] = ()) -> str:
    """Upload one row for each URL and give each image its end; returns the request's id.

    Args:
        wanted: by URL, DONE, LEFT (nobody has begun it), or the code of its error.
        names: of the products; `Product 1` and so on where there are none.
    """
    named = list(names) or [f"Product {n}" for n in range(1, len(wanted) + 1)]
    cells = [
        [f"SN-{n}", name, url] for n, (name, url) in enumerate(zip(named, wanted, strict=True), 1)
    ]
    request_id = service.upload(make_csv(cells=cells))
    ingest(service.adapters, request_id, stopping=lambda: False)
    end_images(service, request_id, wanted)
    return request_id


def end_images(service: Bench, request_id: str, wanted: Mapping[str, str]) -> None:
    """Claim whatever waits, and record what `wanted` says of it."""
    moment = now()
    with service.adapters.database.transaction() as connection:
        claimed = queue.claim(
            connection,
            request_id,
            limit=ALL_AT_ONCE,
            now=moment,
            lease_until=moment + timedelta(minutes=5),
        )
        left = [each for each in claimed if wanted[each.source_url] == LEFT]
        queue.give_back(connection, request_id, left)
        ended = [_outcome(each, wanted[each.source_url]) for each in claimed if each not in left]
        record_outcomes(service.adapters, connection, request_id, ended)


def know_host(connection: Connection, host: str, **values: Any) -> None:
    """What the workers know of a host; `control` is theirs alone."""
    connection.execute(delete(Host).where(Host.host == host))
    connection.execute(insert(Host).values(host=host, control={}, updated_at=now(), **values))


def hosts_add_up(service: Bench, request_id: str) -> None:
    """The counters by host are what the request's rows add up to."""
    with service.adapters.database.read() as connection:
        images = connection.execute(
            select(Image.host, Image.status).where(Image.request_id == request_id)
        ).all()
        counted = connection.execute(
            select(RequestHost.__table__).where(RequestHost.request_id == request_id)
        ).all()
    listed: Sequence[tuple[Any, ...]] = [tuple(row) for row in images]
    assert {row.host for row in counted} == {host for host, _ in listed}
    for row in counted:
        assert row.images_total == sum(host == row.host for host, _ in listed)
        assert row.images_completed == listed.count((row.host, "completed"))
        assert row.images_failed == listed.count((row.host, "failed"))


def _outcome(image: queue.ClaimedImage, end: str) -> Outcome:
    values: dict[str, Any] = {"status": "failed", "error_code": end, "error_message": "No."}
    if end == DONE:
        key = f"{image.request_id}/{image.row}-{image.position}-product.jpg"
        file = StoredFile(key, 40, 8, 6, "jpeg")
        result = ImageResult(source=Source(100), file=file, kept=False)
        values = {"status": "completed", "result": result}
    return Outcome(seq=image.seq, fence=image.fence, host=image.host, finished_at=now(), **values)
