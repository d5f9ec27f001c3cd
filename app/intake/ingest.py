"""Write an accepted CSV's rows into the tables, batch by batch; a repeat goes on where it ended."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from app import memory
from app.adapters import Adapters, now
from app.catalog.reader import Detected, UsableRows, read_usable_rows
from app.db import requests, rows
from app.db.hosts import request_hosts
from app.db.rows import statistics
from app.domain.errors import DatabaseUnavailable, ObjectMissing, StoreError
from app.domain.naming import upload_key
from app.domain.retry import INGEST
from app.domain.statuses import RequestStatus
from app.domain.tasks import Task
from app.domain.turns import turns_for
from app.ending.finish import announce, end, finish_if_done
from app.outbound.guard import host_keys

log = structlog.get_logger(__name__)

BATCH_PLACES = 20_000
# Bounds a batch whose URLs have thousands of characters; a block has 256 KB.
BATCH_BLOCKS = 32
# A small first batch, so that images begin to flow at once.
FIRST_BATCH_PLACES = 500
# Writers for a file on Postgres without repeated URLs. Another one only takes the GIL from the
# thread that reads, which is what the others wait for.
WRITERS = 2


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows to write in one transaction, and how far the file is read with them."""

    places_before: int
    places_behind: int
    last_row: int
    prepared: rows.PreparedBatch


def ingest(adapters: Adapters, request_id: str, *, stopping: Callable[[], bool]) -> None:
    """Write the rows of this request, if nobody else does; a repeat goes on where it ended.

    Args:
        stopping: asked between batches; True gives the work back to another worker.
    """
    if not adapters.disk.takes_work():
        # The next look for open work finds it, and by then there may be room.
        log.warning("ingest_waits_for_room", request_id=request_id)
        return
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
        if INGEST.is_last(claimed.ingest_fence):
            _give_up(adapters, claimed, "The file could not be read again after the upload.")
    finally:
        memory.give_back(claimed.places)


def _write_rows(adapters: Adapters, claimed: Any, stopping: Callable[[], bool]) -> None:
    request_id = claimed.id
    # Two batches at once would wait for each other over a URL of both, and for SQLite's one writer.
    writers = 1 if _urls_repeat(claimed) or adapters.database.is_sqlite else WRITERS
    # The database takes batches while the next one is read and made ready to be sent.
    with ThreadPoolExecutor(writers + 1, "ingest-write") as threads:
        in_flight: deque[Future[bool]] = deque()
        looks: list[Future[None]] = []
        stopped = False
        for batch in _batches(adapters, claimed):
            if len(in_flight) == writers and not in_flight.popleft().result():
                return
            before = in_flight[-1] if in_flight else None
            in_flight.append(threads.submit(_flush, adapters, claimed, batch, before))
            if statistics.due(batch.places_before, batch.places_behind):
                looks.append(threads.submit(_look, adapters, in_flight[-1]))
            if stopped := stopping() or not adapters.disk.takes_work():
                break
        if not all(writing.result() for writing in in_flight):
            return
        for look in looks:
            look.result()
    if stopped:
        with adapters.database.transaction() as connection:
            requests.release_ingest(connection, request_id, fence=claimed.ingest_fence)
        return
    with adapters.database.transaction() as connection:
        requests.finish_ingest(connection, request_id, fence=claimed.ingest_fence, now=now())
        row = requests.get(connection, request_id, lock=True)
        ended = finish_if_done(adapters, connection, request_id, row)
    announce(adapters, ended)


def _batches(adapters: Adapters, claimed: Any) -> Iterator[_Batch]:
    """The rows that are not written yet."""
    size, places = FIRST_BATCH_PLACES, claimed.ingested_places
    waiting, blocks = UsableRows(), 0
    with adapters.store.open(upload_key(claimed.id)) as stream:
        for read in read_usable_rows(stream, Detected.from_json(claimed.detected)):
            waiting, blocks = waiting.joined(read.behind(claimed.ingested_row)), blocks + 1
            while waiting.rows and (len(waiting.urls) >= size or blocks >= BATCH_BLOCKS):
                batch, waiting = _cut(adapters, claimed, waiting, size, places)
                size, places, blocks = BATCH_PLACES, batch.places_behind, 0
                yield batch
    if waiting.rows:
        yield _prepared(adapters, claimed, waiting, places)


def _cut(
    adapters: Adapters, claimed: Any, waiting: UsableRows, size: int, places_before: int
) -> tuple[_Batch, UsableRows]:
    # Once they are prepared, nothing keeps the rows themselves.
    usable, others = waiting.cut(size)
    return _prepared(adapters, claimed, usable, places_before), others


def _prepared(adapters: Adapters, claimed: Any, usable: UsableRows, places_before: int) -> _Batch:
    batch = rows.Batch(
        rows=usable.rows,
        serial_numbers=usable.serial_numbers,
        names=usable.names,
        url_counts=usable.url_counts,
        urls=usable.urls,
        hosts=host_keys(usable.urls),
        places_before=places_before,
        urls_repeat=_urls_repeat(claimed),
    )
    return _Batch(
        places_before=places_before,
        places_behind=places_before + len(usable.urls),
        last_row=usable.rows[-1],
        prepared=rows.prepare(batch, claimed.id, now=now(), is_sqlite=adapters.database.is_sqlite),
    )


def _urls_repeat(claimed: Any) -> bool:
    # What the check has counted: as many URLs as places means that no URL is repeated.
    return bool(claimed.images_total != claimed.places)


def _flush(adapters: Adapters, claimed: Any, batch: _Batch, before: Future[bool] | None) -> bool:
    """Write a batch, and commit it behind the one before: what is stored never has a gap."""
    with adapters.database.transaction() as connection:
        new_images = batch.prepared.write(connection)
        ours = (before is None or before.result()) and requests.advance_ingest(
            connection,
            claimed.id,
            fence=claimed.ingest_fence,
            row=batch.last_row,
            places=batch.places_behind,
            new_images=new_images,
            lease_until=_lease(adapters),
            now=now(),
        )
        if not ours:
            connection.rollback()
            return False
        hosts = request_hosts.images_by_host(
            connection, claimed.id, behind=batch.places_before, up_to=batch.places_behind
        )
        request_hosts.add_counts(connection, claimed.id, hosts)
    if batch.places_before == claimed.ingested_places:
        turns = turns_for(claimed.images_total)
        adapters.hints.send(Task.WORK, claimed.id, times=turns)
    return True


def _look(adapters: Adapters, written: Future[bool]) -> None:
    """Have the database look at the rows once they are there, while others are written."""
    if written.result():
        with adapters.database.transaction() as connection:
            statistics.refresh(connection)


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
