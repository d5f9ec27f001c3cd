"""What is not fetching, compressing or storing: database, tasks and scheduling, by size."""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median

import psycopg

from app.worker.turn import TURN_SECONDS
from benchmarks import origins
from benchmarks.bookkeeping_tables import BYSTANDER_IMAGES, Figures, goals, print_sizes
from benchmarks.figures import progress
from benchmarks.goals import Measured
from benchmarks.processes import Meter, settle
from benchmarks.questions import QUESTIONS, ask, delete_seconds, milliseconds
from benchmarks.service import write_csv
from benchmarks.single_steps import Step, pipe_apart
from benchmarks.stacks import (
    Parts,
    Service,
    memory_disk,
    real_parts,
    role,
    seconds_between,
    service,
)

WARM_UPS = 5
# A request of up to this size is over in seconds, and whatever else happens in a tenth of a second
# is as much as its bookkeeping. So many one after the other make a round, and there are several.
SMALL_REQUEST = 5_000
ROUND_IMAGES, ROUND_REQUESTS_MOST = 20_000, 20
# The base takes as many images as the request beside it, but no more than this: six seconds.
PIPE_IMAGES = 20_000
# A page of memory for a tiny file, and the kernel's own record of it.
FILE_BYTES = 6_000
BYSTANDERS = 3
PURGE_LIMIT_SECONDS = 1800


@dataclass(frozen=True)
class _Bench:
    """What the rounds run on."""

    running: Service
    parts: Parts
    pipe: Step
    bystander: Path


def compare_sizes(sizes: Sequence[int], *, rounds: int, s3: bool) -> list[Measured]:
    """Run requests of these sizes over one tiny picture and print what each image costs.

    The same pictures through the same fetcher, codecs and store without anything around them are
    the base, taken before and after each request; what the service takes beyond it is bookkeeping.

    Args:
        sizes: images of a request.
        rounds: of small requests, before and after the larger ones, which are long enough to run
            once.
        s3: store on an S3 server instead of in files, which are in memory where it has room.
    """
    figures = {size: Figures() for size in sizes}
    kept: dict[int, list[str]] = {size: [] for size in sizes}
    order = order_of_rounds(sizes, rounds)
    with ExitStack() as stack:
        origin = stack.enter_context(origins.tiny()).urls[0]
        parts = stack.enter_context(real_parts(s3=s3))
        pictures = None if s3 else _pictures_folder(order)
        running = stack.enter_context(service(parts.environment, within=pictures))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-")))
        bystander = write_csv(folder / "bystander.csv", _urls(origin, BYSTANDER_IMAGES))
        pipe_urls = _urls(origin, pipe_images(max(sizes)))
        pipe = stack.enter_context(pipe_apart(parts.environment, running.data_dir, pipe_urls))
        bench = _Bench(running, parts, pipe, bystander)
        for _ in range(WARM_UPS):
            _seconds_of(running, bystander)
        alone = [_seconds_of(running, bystander) for _ in range(BYSTANDERS)]
        for size, turn in order:
            table = write_csv(folder / "products.csv", _urls(origin, size))
            if turn == 0 and size <= SMALL_REQUEST:
                # What the first request of its size brings up is not what each one costs.
                _seconds_of(running, table)
            progress(f"{requests_in_round(size)} x {size:,} images, round {turn + 1} ...")
            kept[size] += _run(bench, table, size, figures[size])
            progress(f"{figures[size].beyond_pipe_ms[-1]:.3f} ms an image beyond the pipe")
        # On a disk, deleted files cost those that come after them: "How it measures" in the README.
        for size, request_ids in kept.items():
            progress(f"{len(request_ids)} x {size:,} images are deleted ...")
            for request_id in request_ids:
                _delete(running, parts, request_id, figures[size])
    limit = 2 * median(alone) + TURN_SECONDS
    print_sizes(figures, alone, limit)
    return goals(figures, limit)


def order_of_rounds(sizes: Sequence[int], rounds: int) -> list[tuple[int, int]]:
    """Sizes with the number of their round: the large ones stand between the small ones' rounds.

    A large request takes minutes, in which the machine may become slower or faster; what it is
    compared with is taken on both sides of it.
    """
    small = [(size, turn) for turn in range(rounds) for size in sizes if size <= SMALL_REQUEST]
    half = (len(small) + 1) // 2
    return [*small[:half], *((size, 0) for size in sizes if size > SMALL_REQUEST), *small[half:]]


def requests_in_round(size: int) -> int:
    """How many requests of this size make a round."""
    return min(ROUND_IMAGES // size, ROUND_REQUESTS_MOST) if size <= SMALL_REQUEST else 1


def pipe_images(size: int) -> int:
    """How many images the pipe takes before and after each request of this size."""
    return min(size, PIPE_IMAGES)


def _pictures_folder(order: Sequence[tuple[int, int]]) -> Path | None:
    """Where the pictures go: to memory, as they come from there; a disk's pace is its own."""
    images = sum(requests_in_round(size) * (size + 2 * pipe_images(size)) for size, _ in order)
    folder = memory_disk(files=images, file_bytes=FILE_BYTES)
    if folder is None:
        print("Stored on the disk, which adds what it takes: memory has no room for the files.\n")
    return folder


def _urls(origin: str, count: int) -> list[str]:
    return [f"{origin}/p/{number}.jpg" for number in range(count)]


def _run(bench: _Bench, table: Path, size: int, figures: Figures) -> list[str]:
    """A round: so many requests one after the other, the pipe between them; returns their ids."""
    running = bench.running
    bystanders = BYSTANDERS if size > SMALL_REQUEST else 0
    portion, requests = pipe_images(size), requests_in_round(size)
    images = requests * (size + bystanders * BYSTANDER_IMAGES)
    images_of_pipe = (requests + 1) * portion
    request_ids: list[str] = []
    servers: Counter[str] = Counter()
    wall_seconds = pipe_seconds = 0.0
    settle([running.pid, *chain.from_iterable(bench.parts.roots.values())])
    # Both count through the whole round: each of them has nothing to do while the other works.
    with Meter([running.pid], label=role) as meter, Meter([bench.pipe.pid], memory=False) as base:
        pipe_seconds += bench.pipe.go(portion)
        for _ in range(requests):
            with ExitStack() as stack:
                meters = {
                    name: stack.enter_context(Meter(roots, memory=False))
                    for name, roots in bench.parts.roots.items()
                }
                started = time.time()
                request_ids.append(running.upload(table)["request_id"])
                for _ in range(bystanders):
                    figures.bystander_seconds.append(_seconds_of(running, bench.bystander))
                status = running.finished(request_ids[-1])
            if status["images"]["completed"] != size:
                raise RuntimeError(f"only {status['images']} of {size}: {status['errors']}")
            wall_seconds += seconds_between(started, status["finished_at"])
            servers.update({name: one.cpu_seconds for name, one in meters.items()})
            pipe_seconds += bench.pipe.go(portion)
    figures.pipe_ms.append(1000 * base.cpu_seconds / images_of_pipe)
    figures.pipe_per_second.append(images_of_pipe / pipe_seconds)
    figures.cpu_ms.append(1000 * meter.cpu_seconds / images)
    figures.images_per_second.append(images / wall_seconds)
    figures.peak_pss.append(meter.peak_pss_bytes)
    for name, seconds in meter.cpu_by_label.items():
        figures.parts_ms[name].append(1000 * seconds / images)
    for name, seconds in servers.items():
        figures.parts_ms[f"server side: {name}"].append(1000 * seconds / images)
    _ask(running, request_ids[-1], figures)
    return request_ids


def _seconds_of(running: Service, table: Path) -> float:
    """From the upload of a request to its end, whatever else is going on."""
    started = time.time()
    status = running.finished(running.upload(table)["request_id"])
    return seconds_between(started, status["finished_at"])


def _ask(running: Service, request_id: str, figures: Figures) -> None:
    for name in QUESTIONS:
        figures.asked_ms[name] += ask(running, name, [request_id])
    figures.asked_ms["output CSV, whole"].append(
        milliseconds(running, f"/download-output-csv/{request_id}")
    )


def _delete(running: Service, parts: Parts, request_id: str, figures: Figures) -> None:
    started = time.perf_counter()
    figures.delete_seconds.append(delete_seconds(running, request_id))
    with psycopg.connect(parts.environment["DATABASE_URL"], autocommit=True) as session:
        question = "SELECT count(*) FROM requests WHERE id = %s"
        while time.perf_counter() - started < PURGE_LIMIT_SECONDS:
            row = session.execute(question, [request_id]).fetchone()
            if row is not None and row[0] == 0:
                break
            time.sleep(0.1)
    figures.purge_seconds.append(time.perf_counter() - started)
