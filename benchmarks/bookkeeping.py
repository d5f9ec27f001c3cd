"""What is not fetching, compressing or storing: database, tasks and scheduling, by size."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import mean, median

import psycopg

from app.services.work import TURN_SECONDS
from benchmarks import hosts
from benchmarks.figures import megabytes, print_table, progress, spread
from benchmarks.goals import Measured
from benchmarks.processes import Meter, settle
from benchmarks.questions import QUESTIONS, ask, delete_seconds, milliseconds
from benchmarks.service import write_csv
from benchmarks.single_steps import pipe_apart
from benchmarks.stacks import Parts, Service, real_parts, role, seconds_between, service

WARM_UP_IMAGES = 300
# A request of up to this size is over in seconds, and whatever else happens in a tenth of a second
# is as much as its bookkeeping. So many one after the other make a round, and there are several.
SMALL_REQUEST = 5_000
ROUND_IMAGES, ROUND_REQUESTS_MOST = 20_000, 20
# The base before and after each round takes so many, some ten seconds. A short run needs fewer.
PIPE_IMAGES = 20_000
BYSTANDER_IMAGES, BYSTANDERS = 60, 3
PURGE_LIMIT_SECONDS = 1800


@dataclass
class Figures:
    """What requests of one size cost, a value for each round, DELETE or bystander."""

    # Before and after the round.
    pipe_ms: list[tuple[float, float]] = field(default_factory=list)
    pipe_per_second: list[tuple[float, float]] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    images_per_second: list[float] = field(default_factory=list)
    peak_pss: list[int] = field(default_factory=list)
    delete_seconds: list[float] = field(default_factory=list)
    purge_seconds: list[float] = field(default_factory=list)
    bystander_seconds: list[float] = field(default_factory=list)
    asked_ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    parts_ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def beyond_pipe_ms(self) -> list[float]:
        """What is bookkeeping: all but the round's base, the mean of its two values."""
        return [value - mean(base) for value, base in zip(self.cpu_ms, self.pipe_ms, strict=True)]


def compare_sizes(sizes: Sequence[int], *, rounds: int, s3: bool) -> list[Measured]:
    """Run requests of these sizes over one tiny picture and print what each image costs.

    The same pictures through the same fetcher, codecs and store without anything around them are
    the base, taken before and after each round; what the service takes beyond their mean is
    bookkeeping.

    Args:
        sizes: images of a request.
        rounds: of small requests, before and after the larger ones, which are long enough to run
            once.
        s3: store on an S3 server instead of in local files.
    """
    figures = {size: Figures() for size in sizes}
    kept: dict[int, list[str]] = {size: [] for size in sizes}
    with ExitStack() as stack:
        origin = stack.enter_context(hosts.tiny()).urls[0]
        parts = stack.enter_context(real_parts(s3=s3))
        running = stack.enter_context(service(parts.environment))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-")))
        warm_up = write_csv(folder / "warm-up.csv", _urls(origin, WARM_UP_IMAGES))
        running.finished(running.upload(warm_up)["request_id"])
        bystander = write_csv(folder / "bystander.csv", _urls(origin, BYSTANDER_IMAGES))
        alone = [_bystander_seconds(running, bystander) for _ in range(BYSTANDERS)]
        round_images = max(size * requests_in_round(size) for size in sizes)
        pipe_urls = _urls(origin, min(PIPE_IMAGES, round_images))
        base = _pipe(running, parts, pipe_urls)
        for size, turn in order_of_rounds(sizes, rounds):
            table = write_csv(folder / "products.csv", _urls(origin, size))
            requests = requests_in_round(size)
            if turn == 0 and size <= SMALL_REQUEST:
                # What the first request of its size brings up is not what each one costs.
                running.finished(running.upload(table)["request_id"])
            progress(f"{requests} x {size:,} images, round {turn + 1} ...")
            kept[size] += _run(running, parts, table, bystander, size, requests, figures[size])
            after = _pipe(running, parts, pipe_urls)
            figures[size].pipe_ms.append((base[0], after[0]))
            figures[size].pipe_per_second.append((base[1], after[1]))
            base = after
        # See "How it measures" in the README: deleted files cost those that come after them.
        for size, request_ids in kept.items():
            progress(f"{len(request_ids)} x {size:,} images are deleted ...")
            for request_id in request_ids:
                _delete(running, parts, request_id, figures[size])
    limit = 2 * median(alone) + TURN_SECONDS
    _print(figures, alone, limit)
    return _goals(figures, limit)


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


def _urls(origin: str, count: int) -> list[str]:
    return [f"{origin}/p/{number}.jpg" for number in range(count)]


def _pipe(running: Service, parts: Parts, urls: Sequence[str]) -> tuple[float, float]:
    """CPU ms an image and images/s of the pipe alone, beside a service that does nothing."""
    progress("The pipe alone ...")
    settle([running.pid, *(pid for roots in parts.roots.values() for pid in roots)])
    pipe = pipe_apart(parts.environment, running.data_dir, urls)
    return 1000 * pipe.cpu_seconds / len(urls), len(urls) / pipe.wall_seconds


def _run(
    running: Service,
    parts: Parts,
    table: Path,
    bystander: Path,
    size: int,
    requests: int,
    figures: Figures,
) -> list[str]:
    """A round: so many requests of this size one after the other; returns their ids."""
    bystanders = BYSTANDERS if size > SMALL_REQUEST else 0
    request_ids, wall_seconds = [], 0.0
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(Meter(roots, memory=False))
            for name, roots in parts.roots.items()
        }
        meter = stack.enter_context(Meter([running.pid], label=role))
        for _ in range(requests):
            started = time.time()
            request_ids.append(running.upload(table)["request_id"])
            for _ in range(bystanders):
                figures.bystander_seconds.append(_bystander_seconds(running, bystander))
            status = running.finished(request_ids[-1])
            if status["images"]["completed"] != size:
                raise RuntimeError(f"only {status['images']} of {size}: {status['errors']}")
            wall_seconds += seconds_between(started, status["finished_at"])
    images = requests * (size + bystanders * BYSTANDER_IMAGES)
    figures.cpu_ms.append(1000 * meter.cpu_seconds / images)
    figures.images_per_second.append(images / wall_seconds)
    figures.peak_pss.append(meter.peak_pss_bytes)
    for name, seconds in meter.cpu_by_label.items():
        figures.parts_ms[name].append(1000 * seconds / images)
    for name, server in servers.items():
        figures.parts_ms[f"server side: {name}"].append(1000 * server.cpu_seconds / images)
    _ask(running, request_ids[-1], figures)
    return request_ids


def _bystander_seconds(running: Service, table: Path) -> float:
    """From the upload of a small request to its end, whatever else is going on."""
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


def _print(figures: dict[int, Figures], alone: Sequence[float], limit: float) -> None:
    sizes = list(figures)

    def row(name: str, value: Callable[[Figures], str]) -> list[str]:
        return [name, *(value(figures[size]) for size in sizes)]

    def rows_of(
        form: str, digits: int, values: Callable[[Figures], dict[str, list[float]]]
    ) -> list[list[str]]:
        names = dict.fromkeys(name for one in figures.values() for name in values(one))
        return [
            [form.format(name), *(spread(values(figures[size])[name], digits) for size in sizes)]
            for name in names
        ]

    rows = [
        row("the pipe alone, CPU ms an image", lambda one: spread([*chain(*one.pipe_ms)], 3)),
        row("the pipe alone, images/s", lambda one: spread([*chain(*one.pipe_per_second)], 0)),
        row("CPU ms an image, client side", lambda one: spread(one.cpu_ms, 3)),
        row("of that beyond the pipe alone", lambda one: spread(one.beyond_pipe_ms, 3)),
        *rows_of("- {}", 3, lambda one: one.parts_ms),
        row("images/s", lambda one: spread(one.images_per_second, 0)),
        row("peak PSS, MB", lambda one: megabytes(one.peak_pss)),
        *rows_of("{}, ms", 1, lambda one: one.asked_ms),
        row("DELETE answered, s", lambda one: spread(one.delete_seconds)),
        row("files and rows gone, s", lambda one: spread(one.purge_seconds)),
        row(
            f"{BYSTANDER_IMAGES} images uploaded behind it, s",
            lambda one: spread(one.bystander_seconds),
        ),
        row(
            f"wanted: 2 x alone ({spread(alone)}) + a time slice ({TURN_SECONDS:g}), s",
            lambda one: f"< {limit:.2f}" if one.bystander_seconds else "-",
        ),
    ]
    print_table(["images of the request", *(f"{size:,}" for size in sizes)], rows)


def _goals(figures: dict[int, Figures], limit: float) -> list[Measured]:
    smallest, largest = figures[min(figures)], figures[max(figures)]
    growth = f"{max(figures):,} / {min(figures):,} images"
    found = [
        Measured("bookkeeping", f"{size:,} images", one.beyond_pipe_ms)
        for size, one in figures.items()
    ]
    if smallest is not largest:
        # What each size has several times the other has once, so medians are held together.
        flat = median(largest.cpu_ms) / median(smallest.cpu_ms)
        memory = max(largest.peak_pss) / max(smallest.peak_pss)
        found += [
            Measured("bookkeeping_flat", growth, [flat]),
            Measured("bookkeeping_memory", growth, [memory]),
        ]
    found += [
        Measured(
            "bystander",
            f"{BYSTANDER_IMAGES} behind {size:,} images, limit {limit:.1f} s",
            [seconds / limit for seconds in one.bystander_seconds],
        )
        for size, one in figures.items()
    ]
    return found
