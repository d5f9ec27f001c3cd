"""Large CSV files through the service: the check, the 202, the rows in the database, the output."""

import csv
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg

from app.catalog.reader import validate
from benchmarks.catalog_tables import (
    INGEST,
    OUTPUT,
    READER,
    SMALL_ROWS,
    UPLOAD,
    VALIDATE,
    Answers,
    Figures,
    goals,
    print_tables,
)
from benchmarks.figures import progress
from benchmarks.goals import Measured
from benchmarks.processes import Meter
from benchmarks.questions import QUESTIONS, STATUS, ask, delete_seconds
from benchmarks.single_steps import ingest_apart
from benchmarks.stacks import Parts, Service, api_only, real_parts
from benchmarks.tables import make_table

MAX_ROWS = 2_000_000
# Each of them gives one ratio.
STATUS_REPEATS = 5
# What takes seconds is run several times in each round, in turn.
QUICK_REPEATS = 3

# What ending every image would have left in the tables, in one statement each.
ALL_DONE = (
    """
    UPDATE images SET status = 'completed', finished_at = now(), attempts = 1, kept = false,
        storage_key = request_id || '/' || row || '-' || position || '-product.jpg',
        format = 'jpeg', width = 1200, height = 860, input_bytes = 210000, output_bytes = 80000
    WHERE request_id = %s
    """,
    """
    UPDATE requests SET status = 'completed', finished_at = now(), images_completed = images_total
    WHERE id = %s
    """,
    "ANALYZE",
)


def compare_catalog(folder: Path, *, sizes: Sequence[int], rounds: int, s3: bool) -> list[Measured]:
    """Take files of so many rows through every step, and print what it costs.

    Args:
        folder: keeps the made files.
        sizes: rows of each file, each with three URLs.
        s3: keep the uploads on an S3 server instead of in local files.
    """
    figures: dict[int, defaultdict[str, Figures]] = {}
    answers: dict[int, Answers] = {}
    small = make_table(folder / f"rows-{SMALL_ROWS}.csv", SMALL_ROWS)
    for size in sizes:
        figures[size], answers[size] = defaultdict(Figures), Answers()
        path = make_table(folder / f"rows-{size}.csv", size)
        for turn in range(rounds):
            progress(f"{size:,} rows, round {turn + 1} of {rounds} ...")
            with real_parts(s3=s3) as parts, api_only(parts.environment) as api:
                small_id = _done_request(small, parts, api)
                request_id = _run_round(path, parts, api, figures[size])
                _ask(api, request_id, small_id, answers[size])
    print_tables(figures, answers)
    return goals(figures, answers)


def _done_request(path: Path, parts: Parts, api: Service) -> str:
    """A request as it is after its last image."""
    request_id: str = api.upload(path)["request_id"]
    ingest_apart(parts.environment, api.data_dir, request_id)
    _pretend_all_done(parts.environment["DATABASE_URL"], request_id)
    return request_id


def _run_round(path: Path, parts: Parts, api: Service, figures: defaultdict[str, Figures]) -> str:
    for name, step in QUICK_STEPS * QUICK_REPEATS:
        wall, cpu = _in_fresh_process(step, path)
        figures[name].wall_seconds.append(wall)
        figures[name].cpu_seconds.append(cpu)
    with Meter([api.pid]) as meter:
        started = time.perf_counter()
        request_id: str = api.upload(path)["request_id"]
        waited = time.perf_counter() - started
    _note(figures[UPLOAD], waited, meter)
    with Meter(parts.roots["Postgres"], memory=False) as postgres:
        ingested = ingest_apart(parts.environment, api.data_dir, request_id)
    _note(figures[INGEST], ingested.wall_seconds, ingested)
    figures[INGEST].server_cpu_seconds.append(postgres.cpu_seconds)
    _pretend_all_done(parts.environment["DATABASE_URL"], request_id)
    with (
        Meter(parts.roots["Postgres"], memory=False) as postgres,
        Meter([api.pid]) as meter,
    ):
        waited = _download(api, request_id, figures[OUTPUT])
    _note(figures[OUTPUT], waited, meter)
    figures[OUTPUT].server_cpu_seconds.append(postgres.cpu_seconds)
    return request_id


def _ask(api: Service, request_id: str, small_id: str, answers: Answers) -> None:
    for name in QUESTIONS:
        for _ in range(STATUS_REPEATS):
            if name == STATUS:
                small, large = ask(api, name, [small_id, request_id])
                answers.small_status_ms.append(small)
            else:
                [large] = ask(api, name, [request_id])
            answers.asked_ms[name].append(large)
    answers.delete_seconds.append(delete_seconds(api, request_id))


def _note(figures: Figures, wall_seconds: float, cost: Any) -> None:
    figures.wall_seconds.append(wall_seconds)
    figures.cpu_seconds.append(cost.cpu_seconds)
    figures.peak_pss.append(cost.peak_pss_bytes)


def _download(api: Service, request_id: str, figures: Figures) -> float:
    started = time.perf_counter()
    received = 0
    with api.client.stream("GET", f"/download-output-csv/{request_id}") as answer:
        answer.raise_for_status()
        for chunk in answer.iter_raw():
            if not received:
                figures.first_byte_seconds.append(time.perf_counter() - started)
            received += len(chunk)
    figures.bytes_out = received
    return time.perf_counter() - started


def _read_plain(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        for _ in csv.reader(file):
            pass


def _validate(path: Path) -> None:
    with path.open("rb") as file:
        validate(file, max_rows=MAX_ROWS)


QUICK_STEPS = ((READER, _read_plain), (VALIDATE, _validate))


def _in_fresh_process(step: Callable[[Path], None], path: Path) -> tuple[float, float]:
    """Wall and CPU seconds of a step that finds a heap as the service's own processes have it."""
    context = get_context("spawn")
    results = context.SimpleQueue()
    child = context.Process(target=_measured, args=(step, path, results))
    child.start()
    wall, cpu = results.get()
    child.join()
    return float(wall), float(cpu)


def _measured(step: Callable[[Path], None], path: Path, results: Any) -> None:
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass  # The file comes from the page cache, for whoever is first, too.
    wall, cpu = time.perf_counter(), time.process_time()
    step(path)
    results.put((time.perf_counter() - wall, time.process_time() - cpu))


def _pretend_all_done(database_url: str, request_id: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as session:
        for statement in ALL_DONE:
            session.execute(statement, [request_id] if "%s" in statement else None)
