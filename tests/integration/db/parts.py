"""Rows for the tests of the tables, made by the same functions that the service uses."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils
from sqlalchemy import Connection, func, select, text

from app.db import deliveries, queue, requests, rows
from app.db.engine import Database
from app.db.hosts import request_hosts
from app.db.hosts.request_hosts import HostCounts
from app.db.models import Image, ProcessingRequest
from app.db.queue import ClaimedImage, Outcome, write_outcomes
from app.db.receivers import Receiver
from app.domain.results import FACTS, FileRole, StoredFile, result_of

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOOKS = Receiver("", "hooks.test:80")


def at(seconds: float) -> datetime:
    """A moment so many seconds after the tests' start of time."""
    return START + timedelta(seconds=seconds)


def add_request(
    database: Database, *, images: int = 0, status: str = "processing", **values: Any
) -> str:
    """One request with so many pending images, each in a row of its own; returns its id."""
    request_id = str(uuid_utils.uuid7())
    row = {
        "id": request_id,
        "owner": "",
        "status": status,
        "filename": "products.csv",
        "options": {},
        "detected": {},
        "warnings": [],
        "webhook_url": None,
        "created_at": START,
        "updated_at": START,
        "products": images,
        "places": images,
        "images_total": images,
    }
    with database.transaction() as connection:
        requests.add(connection, row | values)
    if images:
        write_urls(database, request_id, [f"http://host-a.test/{n}" for n in range(1, images + 1)])
    return request_id


def add_delivery(
    connection: Connection,
    request_id: str,
    *,
    receiver: Receiver = HOOKS,
    run: int = 1,
    due: float = 0,
) -> str:
    """A webhook in the outbox, due at a moment; returns its id."""
    delivery_id = str(uuid_utils.uuid7())
    deliveries.add(
        connection,
        delivery_id=delivery_id,
        request_id=request_id,
        receiver=receiver,
        event="request.completed",
        run=run,
        url="http://hooks.test/",
        body="{}",
        now=at(due),
    )
    return delivery_id


def write_urls(
    database: Database, request_id: str, urls: Iterable[str], *, places_before: int = 0
) -> int:
    """Write one batch of rows with one URL each; returns how many images were new."""
    listed = list(urls)
    seqs = range(places_before + 1, places_before + 1 + len(listed))
    batch = rows.Batch(
        rows=[seq + 1 for seq in seqs],
        serial_numbers=[str(seq) for seq in seqs],
        names=[f"Product {seq}" for seq in seqs],
        url_counts=[1] * len(listed),
        urls=listed,
        hosts=[url.split("/")[2] + ":80" for url in listed],
        places_before=places_before,
    )
    return write_batch(database, request_id, batch)


def write_batch(database: Database, request_id: str, batch: rows.Batch) -> int:
    """Write a batch in a transaction of its own, and count its images by host, as the ingest does.

    Returns how many images were new.
    """
    prepared = rows.prepare(batch, request_id, now=START, is_sqlite=database.is_sqlite)
    hosts = Counter(dict(zip(batch.urls, batch.hosts, strict=True)).values())
    counts = {host: HostCounts(images_total=images) for host, images in sorted(hosts.items())}
    with database.transaction() as connection:
        written = prepared.write(connection)
        request_hosts.add_counts(connection, request_id, counts)
        return written


def claim(
    database: Database,
    request_id: str,
    limit: int = 100,
    *,
    now: float = 0,
    lease: float = 60,
    behind: int | None = None,
) -> list[ClaimedImage]:
    """Claim images at a moment, for a lease from then on."""
    with database.transaction() as connection:
        return queue.claim(
            connection,
            request_id,
            limit=limit,
            now=at(now),
            lease_until=at(now + lease),
            behind=behind,
        )


def done(image: ClaimedImage, **values: Any) -> Outcome:
    """The outcome of an image that went well; values are the outcome's or facts of its result."""
    original: StoredFile | None = values.pop("original", None)
    facts: dict[str, Any] = dict.fromkeys(FACTS) | {
        "storage_key": f"{image.request_id}/{image.row}-1-product.jpg",
        "source_format": "png",
        "source_width": 16,
        "source_height": 12,
        "input_bytes": 100,
        "output_bytes": 40,
        "kept": False,
    }
    facts |= {name: values.pop(name) for name in values.keys() & FACTS}
    fields: dict[str, Any] = {"status": "completed", "finished_at": START, **values}
    result = result_of(facts, {FileRole.ORIGINAL: original} if original is not None else None)
    return Outcome(image.seq, image.fence, image.host, result=result, **fields)


def again(image: ClaimedImage, seconds: float) -> Outcome:
    """The outcome of an attempt that is to be repeated so many seconds after the start."""
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status="pending",
        not_before=at(seconds),
        error_code="timeout",
        error_message="The image's host did not send the image within 30 seconds.",
    )


def record(database: Database, request_id: str, outcomes: list[Outcome]) -> set[int]:
    """Record outcomes; returns the `seq` of those that counted."""
    with database.transaction() as connection:
        return {seq for seq, _ in write_outcomes(connection, request_id, outcomes)}


def image_rows(database: Database, request_id: str) -> list[Any]:
    """All images of a request, in their order."""
    with database.read() as connection:
        query = select(Image.__table__).where(Image.request_id == request_id)
        return list(connection.execute(query.order_by(Image.seq)).all())


def request_row(database: Database, request_id: str) -> Any:
    with database.read() as connection:
        return connection.execute(
            select(ProcessingRequest.__table__).where(ProcessingRequest.id == request_id)
        ).one()


def count(database: Database, table: Any) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


TABLES = ("images", "products", "product_images")


def claim_delivery(connection: Connection, delivery_id: str, *, now: float) -> Any:
    """Claim a webhook's delivery at a moment, for 20 seconds."""
    return deliveries.claim(connection, delivery_id, now=at(now), lease_until=at(now + 20))


def freeze_statistics(database: Database) -> None:
    """Have Postgres look at the tables of rows now, and not again by itself."""
    with database.transaction() as connection:
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
            connection.execute(text(f"ANALYZE {table}"))


def rows_read(connection: Connection, tables: Sequence[str] = TABLES) -> int:
    """How many rows of these tables this transaction has looked at, on Postgres."""
    query = """
        SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))
        FROM pg_stat_xact_user_tables WHERE relname = ANY(:tables)
    """
    return int(connection.execute(text(query), {"tables": list(tables)}).scalar_one())
