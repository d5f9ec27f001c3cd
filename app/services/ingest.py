"""Write an accepted CSV's rows into the tables, batch by batch; a repeat goes on where it ended."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from app.catalog.reader import Detected, InputRow, read_rows
from app.db import requests, rows
from app.domain.errors import DatabaseUnavailable, ObjectMissing, StoreError
from app.domain.naming import upload_key
from app.domain.statuses import RequestStatus
from app.outbound.fetch import host_key
from app.services.adapters import Adapters, now
from app.services.finish import announce, end, finish_if_done

log = structlog.get_logger(__name__)

BATCH_PLACES = 10_000
# A small first batch, so that images begin to flow at once.
FIRST_BATCH_PLACES = 500
# A file that was accepted and yet cannot be written this often meets a bug of ours, not bad luck.
ATTEMPTS_MAX = 5
# More turns than a request can use only find nothing to do; workers look for work themselves, too.
TURNS_MAX = 8
IMAGES_PER_TURN = 32


@dataclass(slots=True)
class _Batch:
    """Rows to write in one transaction, behind so many places of the file."""

    places_before: int
    last_row: int = 0
    products: list[rows.ProductRow] = field(default_factory=list)
    places: list[rows.PlaceRow] = field(default_factory=list)
    images: dict[bytes, rows.ImageRow] = field(default_factory=dict)

    def add(self, row: InputRow) -> None:
        self.last_row = row.row
        self.products.append(rows.ProductRow(row.row, row.serial_number, row.product_name))
        for position, url in enumerate(row.urls, start=1):
            digest = hashlib.blake2b(url.encode(), digest_size=16).digest()
            self.places.append(rows.PlaceRow(row.row, position, digest))
            if digest not in self.images:
                seq = self.places_before + len(self.places)
                self.images[digest] = rows.ImageRow(
                    seq, digest, url, host_key(url), row.row, position
                )


def ingest(adapters: Adapters, request_id: str, *, stopping: Callable[[], bool]) -> None:
    """Write the rows of this request, if nobody else does; a repeat goes on where it ended.

    Args:
        stopping: asked between batches; True gives the work back to another worker.
    """
    moment = now()
    with adapters.database.transaction() as connection:
        claimed = requests.claim_ingest(
            connection, request_id, now=moment, lease_until=_lease(adapters)
        )
    if claimed is None:
        return
    try:
        _write_rows(adapters, claimed, stopping)
    except ObjectMissing:
        _give_up(adapters, claimed, "The uploaded file is no longer in the store.")
    except (StoreError, DatabaseUnavailable) as error:
        # The lease ends by itself and the sweep starts over from the last batch.
        log.warning("ingest_interrupted", request_id=request_id, error=str(error))
    except Exception:
        if not _is_ours(adapters, claimed):
            # It overslept its lease, and another worker has written the same rows before it.
            log.warning("ingest_taken_over", request_id=request_id, attempt=claimed.ingest_fence)
            return
        log.exception("ingest_failed", request_id=request_id, attempt=claimed.ingest_fence)
        if claimed.ingest_fence >= ATTEMPTS_MAX:
            _give_up(adapters, claimed, "The file could not be read again after the upload.")


def _write_rows(adapters: Adapters, claimed: Any, stopping: Callable[[], bool]) -> None:
    request_id = claimed.id
    # The database takes a batch while the next one is read.
    with ThreadPoolExecutor(1, "ingest-write") as thread:
        under_way: Future[bool] | None = None
        for batch in _batches(adapters, claimed):
            if under_way is not None and not under_way.result():
                return
            under_way = thread.submit(_flush, adapters, claimed, batch)
            if stopping():
                if under_way.result():
                    with adapters.database.transaction() as connection:
                        requests.release_ingest(connection, request_id, fence=claimed.ingest_fence)
                return
        if under_way is not None and not under_way.result():
            return
    with adapters.database.transaction() as connection:
        requests.finish_ingest(connection, request_id, fence=claimed.ingest_fence, now=now())
        ended = finish_if_done(adapters, connection, request_id)
    announce(adapters, ended)


def _batches(adapters: Adapters, claimed: Any) -> Iterator[_Batch]:
    """The rows that are not written yet."""
    batch, size = _Batch(claimed.ingested_places), FIRST_BATCH_PLACES
    with adapters.store.open(upload_key(claimed.id)) as stream:
        for row in read_rows(stream, Detected.from_json(claimed.detected)):
            # Many rows of an export have no image: nothing is to be done about them.
            if row.row <= claimed.ingested_row or row.errors or not row.urls:
                continue
            batch.add(row)
            if len(batch.places) >= size:
                yield batch
                batch, size = _Batch(batch.places_before + len(batch.places)), BATCH_PLACES
    if batch.products:
        yield batch


def _flush(adapters: Adapters, claimed: Any, batch: _Batch) -> bool:
    moment = now()
    with adapters.database.transaction() as connection:
        new_images = rows.write(
            connection,
            claimed.id,
            products=batch.products,
            places=batch.places,
            images=list(batch.images.values()),
            now=moment,
            # What the check has counted: as many URLs as places means that none stands there twice.
            all_new=claimed.images_total == claimed.places,
        )
        ours = requests.advance_ingest(
            connection,
            claimed.id,
            fence=claimed.ingest_fence,
            row=batch.last_row,
            places=batch.places_before + len(batch.places),
            new_images=new_images,
            lease_until=_lease(adapters),
            now=moment,
        )
        if not ours:
            connection.rollback()
            return False
    if batch.places_before == claimed.ingested_places:
        turns = min(TURNS_MAX, 1 + claimed.images_total // IMAGES_PER_TURN)
        adapters.hints.send("request.work", claimed.id, times=turns)
    return True


def _is_ours(adapters: Adapters, claimed: Any) -> bool:
    with adapters.database.read() as connection:
        return requests.holds_ingest(connection, claimed.id, fence=claimed.ingest_fence)


def _give_up(adapters: Adapters, claimed: Any, reason: str) -> None:
    """End the request, unless another worker has taken the ingest over."""
    ended: list[str] = []
    with adapters.database.transaction() as connection:
        if requests.holds_ingest(connection, claimed.id, fence=claimed.ingest_fence, lock=True):
            ended = end(
                adapters, connection, claimed.id, status=RequestStatus.FAILED, reason=reason
            )
    announce(adapters, ended)


def _lease(adapters: Adapters) -> Any:
    return now() + timedelta(seconds=adapters.settings.lease_seconds)
