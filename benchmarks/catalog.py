"""Large CSV files through the service: the check, the 202, the rows in the database, the output."""

import csv
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from app.catalog.reader import validate
from benchmarks.figures import megabytes, print_table, progress, spread
from benchmarks.processes import Meter
from benchmarks.single_steps import ingest_apart
from benchmarks.stacks import Parts, Service, api_only, real_parts

URLS_PER_ROW = 3
MAX_ROWS = 2_000_000
ROWS_PER_WRITE = 10_000
# What takes seconds is run several times in each round, in turn.
QUICK_REPEATS = 3
READER, VALIDATE, UPLOAD = "csv.reader alone", "validate()", "POST /upload"
INGEST, OUTPUT = "ingest", "output CSV"

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


@dataclass
class Figures:
    """One step's figures at one size, a value for each round."""

    wall_seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    server_cpu_seconds: list[float] = field(default_factory=list)
    peak_pss: list[int] = field(default_factory=list)
    first_byte_seconds: list[float] = field(default_factory=list)
    bytes_out: int = 0


def compare_catalog(folder: Path, *, sizes: Sequence[int], rounds: int, s3: bool) -> None:
    """Take files of so many rows through every step, and print what it costs.

    Args:
        folder: keeps the made files.
        sizes: rows of each file, each with three URLs.
        s3: keep the uploads on an S3 server instead of in local files.
    """
    figures: dict[int, defaultdict[str, Figures]] = {}
    for size in sizes:
        figures[size] = defaultdict(Figures)
        path = make_table(folder / f"rows-{size}.csv", size)
        for turn in range(rounds):
            progress(f"{size:,} rows, round {turn + 1} of {rounds} ...")
            with real_parts(s3=s3) as parts, api_only(parts.environment) as api:
                _run_round(path, parts, api, figures[size])
    _print(figures)


def make_table(path: Path, rows: int) -> Path:
    """A file of that many rows, unless it is there already; every URL is another one."""
    if path.exists():
        return path
    progress(f"Making {path} ...")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        file.write("S. No.,Product Name,Input Image Urls\r\n")
        for start in range(1, rows + 1, ROWS_PER_WRITE):
            numbers = range(start, min(start + ROWS_PER_WRITE, rows + 1))
            file.write("".join(map(_line, numbers)))
    part.rename(path)
    return path


def _line(number: int) -> str:
    urls = ",".join(
        f"https://images.shop.example/p/{number:08}-{position}.jpg"
        for position in range(1, URLS_PER_ROW + 1)
    )
    return f'{number},Oak Chair {number},"{urls}"\r\n'


def _run_round(path: Path, parts: Parts, api: Service, figures: defaultdict[str, Figures]) -> None:
    for name, step in QUICK_STEPS * QUICK_REPEATS:
        wall, cpu = _in_fresh_process(step, path)
        figures[name].wall_seconds.append(wall)
        figures[name].cpu_seconds.append(cpu)
    with Meter([api.pid]) as meter:
        started = time.perf_counter()
        request_id = api.upload(path)["request_id"]
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


def _print(figures: dict[int, defaultdict[str, Figures]]) -> None:
    rows = []
    for size, steps in figures.items():
        reader = median(steps[READER].wall_seconds)
        reader_cpu = median(steps[READER].cpu_seconds) or 0.01
        rows += [
            [
                f"{size:,} rows: {name}",
                spread(one.wall_seconds),
                spread([seconds / reader for seconds in one.wall_seconds]),
                spread(one.first_byte_seconds, 3),
                spread(one.cpu_seconds),
                spread([seconds / reader_cpu for seconds in one.cpu_seconds]),
                spread(one.server_cpu_seconds),
                megabytes(one.peak_pss),
                f"{one.bytes_out / 1_000_000:,.1f}" if one.bytes_out else "-",
            ]
            for name, one in steps.items()
        ]
    print_table(
        [
            "step",
            "seconds",
            "of csv.reader's",
            "first byte, s",
            "CPU s",
            "of csv.reader's",
            "Postgres CPU s",
            "peak PSS, MB",
            "MB sent",
        ],
        rows,
    )
