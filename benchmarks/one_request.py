"""How fast several workers could claim and record images of one request, with nothing in between.

A record changes the request's counters in its transaction, so from there to the commit others wait
for the same row. That part is what workers on one request cannot do side by side.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.adapters import now
from app.bootstrap import build_adapters
from app.config import load_settings
from app.db import queue, requests
from app.db.queue import ClaimedImage, Outcome
from app.db.requests import RequestRow
from app.domain.naming import original_key
from app.domain.results import ImageResult, Source, StoredFile
from app.domain.statuses import ImageStatus
from app.ending.record import record_outcomes
from app.worker.turn import RECORD_BATCH
from benchmarks.figures import print_table, progress, spread
from benchmarks.processes import Meter, side_by_side
from benchmarks.single_steps import ingest_apart
from benchmarks.stacks import api_only, real_parts
from benchmarks.tables import URLS_PER_ROW, make_table

LEASE = timedelta(seconds=600)


@dataclass
class Figures:
    """What one process did."""

    images: int = 0
    claim_ms: list[float] = field(default_factory=list)
    record_ms: list[float] = field(default_factory=list)
    locked_ms: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0


def compare_processes(
    folder: Path, *, counts: Sequence[int], images: int, seconds: float, originals: bool
) -> None:
    """Let so many processes claim and record for a while, each number on a fresh request.

    Args:
        folder: keeps the made file.
        counts: numbers of processes.
        images: of the request; more than they can do in the time.
        seconds: how long.
        originals: each image has its original as a file of its own.
    """
    rows = images // URLS_PER_ROW
    table = make_table(folder / f"rows-{rows}.csv", rows)
    lines = []
    with real_parts(s3=False) as parts, api_only(parts.environment) as api:
        environment = {**parts.environment, "DATA_DIR": str(api.data_dir)}
        for count in counts:
            progress(f"{count} processes ...")
            request_id = api.upload(table)["request_id"]
            ingest_apart(parts.environment, api.data_dir, request_id)
            with Meter(parts.roots["Postgres"], memory=False) as postgres:
                done = _run(environment, request_id, count, seconds, originals)
            lines.append(_line(count, done, seconds, postgres.cpu_seconds))
    print_table(
        [
            "processes",
            "images/s",
            f"claim of {RECORD_BATCH}, ms",
            f"record of {RECORD_BATCH}, ms",
            "of that the request's row is held or waited for, ms",
            "Postgres CPU ms an image",
            "the processes' CPU ms an image",
        ],
        lines,
    )


def _line(count: int, done: Sequence[Figures], seconds: float, cpu_seconds: float) -> list[str]:
    images = sum(one.images for one in done)
    return [
        str(count),
        f"{images / seconds:,.0f}",
        spread([value for one in done for value in one.claim_ms], 1),
        spread([value for one in done for value in one.record_ms], 1),
        spread([value for one in done for value in one.locked_ms], 1),
        f"{1000 * cpu_seconds / images:.3f}",
        f"{1000 * sum(one.cpu_seconds for one in done) / images:.3f}",
    ]


def _run(
    environment: Mapping[str, str], request_id: str, count: int, seconds: float, originals: bool
) -> list[Figures]:
    done = side_by_side(_work, [(dict(environment), request_id, seconds, originals)] * count)
    failed = [one for one in done if isinstance(one, str)]
    if failed:
        raise RuntimeError(failed[0])
    return done


def _work(
    environment: dict[str, str],
    request_id: str,
    seconds: float,
    originals: bool,
    barrier: Any,
    results: Any,
) -> None:
    os.environ.update(environment)
    adapters = build_adapters(load_settings())
    figures = Figures()
    locked_at = _note_locks()
    last: int | None = None
    barrier.wait()
    cpu_at = time.process_time()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        claimed_at = time.perf_counter()
        with adapters.database.transaction() as connection:
            images = queue.claim(
                connection,
                request_id,
                limit=RECORD_BATCH,
                now=now(),
                lease_until=now() + LEASE,
                behind=last,
            )
        if not images:
            results.put("The request is too small: there was nothing left to claim.")
            return
        last = images[-1].seq
        outcomes = [_outcome(image, originals=originals) for image in images]
        recorded_at = time.perf_counter()
        with adapters.database.transaction() as connection:
            record_outcomes(adapters, connection, request_id, outcomes)
        ended_at = time.perf_counter()
        figures.images += len(images)
        figures.claim_ms.append(1000 * (recorded_at - claimed_at))
        figures.record_ms.append(1000 * (ended_at - recorded_at))
        figures.locked_ms.append(1000 * (ended_at - locked_at[-1]))
    figures.cpu_seconds = time.process_time() - cpu_at
    results.put(figures)


def _note_locks() -> list[float]:
    """Moments at which this process began to change a request's counters."""
    moments: list[float] = []
    add_counts = requests.add_counts

    def noted(connection: Connection, *args: Any, **named: Any) -> RequestRow:
        moments.append(time.perf_counter())
        return add_counts(connection, *args, **named)

    requests.add_counts = noted
    return moments


def _outcome(image: ClaimedImage, *, originals: bool) -> Outcome:
    key = f"{image.request_id}/{image.row}-{image.position}-product.jpg"
    source = Source(210_000, 1200, 860, "jpeg")
    original = StoredFile(original_key(key), 210_000, 1200, 860, "jpeg") if originals else None
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status=ImageStatus.COMPLETED,
        result=ImageResult(
            source=source,
            file=StoredFile(key, 80_000, 1200, 860, "jpeg"),
            original=original,
            kept=False,
        ),
        duration_ms=100,
    )
