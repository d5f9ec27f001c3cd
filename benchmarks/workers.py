"""Two workers on one Postgres, Redis and S3 share one request whose hosts are slow.

What has to limit one worker is the hosts' wait, and not a core, or a second worker on the same
cores could add nothing. So the pictures are tiny, and at 300 ms a worker with its largest window
of images in flight (IMAGES_MAX in `app/worker/window.py`) does IMAGES_MAX / 0.3 s at the most; two
have two windows. The hosts are so many that all of their connections, FETCH_CONNECTIONS_PER_HOST
from each worker to each host, are more than the window. "Cores busy" shows whether the cores were
the limit after all: then the ratio tells of the machine and not of the workers.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import origins
from benchmarks.figures import megabytes, print_table, progress, ratios, spread
from benchmarks.goals import Measured
from benchmarks.processes import Meter, machine_cpu_seconds, settle
from benchmarks.service import write_csv
from benchmarks.stacks import Parts, Service, api_only, real_parts, seconds_between, worker

# So many for each worker open the window of images in flight, which begins small.
WARM_UP_IMAGES = 1_000
COUNTS = (1, 2)


@dataclass
class Figures:
    """What one number of workers did, a value for each round."""

    images_per_second: list[float] = field(default_factory=list)
    # For each round, what each worker did, the busiest first.
    images: list[list[int]] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)
    server_cores: list[float] = field(default_factory=list)
    machine_cores: list[float] = field(default_factory=list)
    peak_pss: list[int] = field(default_factory=list)


def compare_workers(
    *, images: int, rounds: int, delay_ms: float, slow_hosts: int
) -> list[Measured]:
    """Run a request with one worker and with two, in turn, `rounds` times, and print both.

    Args:
        images: of the request that they share.
        delay_ms: how long a host takes to answer.
        slow_hosts: how many hosts there are.
    """
    figures: defaultdict[int, Figures] = defaultdict(Figures)
    with ExitStack() as stack:
        origin = stack.enter_context(origins.tiny(delay_ms=delay_ms, hosts=slow_hosts))
        parts = stack.enter_context(real_parts())
        api = stack.enter_context(api_only(parts.environment))
        servers = [*origin.roots, *(pid for roots in parts.roots.values() for pid in roots)]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-")))
        table = write_csv(folder / "products.csv", _urls(origin.urls, "p", images))
        for turn in range(rounds):
            for count in COUNTS:
                progress(f"Round {turn + 1} of {rounds}, workers: {count} ...")
                warm_up = _urls(origin.urls, f"w{turn}", count * WARM_UP_IMAGES)
                write_csv(folder / "warm-up.csv", warm_up)
                _run(api, parts, servers, count, folder / "warm-up.csv", table, figures[count])
    _print(figures, images=images, delay_ms=delay_ms, slow_hosts=slow_hosts)
    of = f"hosts that wait {delay_ms:g} ms, {images:,} tiny pictures"
    return [Measured("workers", of, _gain(figures))]


def _urls(origin: Sequence[str], path: str, count: int) -> list[str]:
    return [f"{origin[number % len(origin)]}/{path}/{number}.jpg" for number in range(count)]


def _run(
    api: Service,
    parts: Parts,
    servers: list[int],
    count: int,
    warm_up: Path,
    table: Path,
    figures: Figures,
) -> None:
    # Fresh ones in each run: a window that an earlier request had opened would favour its worker.
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(parts.environment)) for _ in range(count)]
        api.finished(api.upload(warm_up, fresh="true")["request_id"])
        ours = [api.pid, *(one.pid for one in workers)]
        settle([*ours, *servers])
        before = [one.images_done() for one in workers]
        with Meter(ours) as meter, Meter(servers, memory=False) as around:
            started, busy = time.time(), machine_cpu_seconds()
            request_id = api.upload(table, fresh="true")["request_id"]
            status = api.finished(request_id)
            busy = machine_cpu_seconds() - busy
        done = [one.images_done() - old for one, old in zip(workers, before, strict=True)]
        api.client.delete(f"/requests/{request_id}").raise_for_status()
        settle([*ours, *servers])
    total = status["images"]["total"]
    if status["images"]["completed"] != total:
        raise RuntimeError(f"only {status['images']}: {status['errors']}")
    figures.images_per_second.append(total / seconds_between(started, status["finished_at"]))
    figures.images.append(sorted(done, reverse=True))
    figures.cores.append(meter.cpu_seconds / meter.wall_seconds)
    figures.server_cores.append(around.cpu_seconds / around.wall_seconds)
    figures.machine_cores.append(busy / meter.wall_seconds)
    figures.peak_pss.append(meter.peak_pss_bytes)


def _gain(figures: dict[int, Figures]) -> list[float]:
    one, two = (figures[count] for count in COUNTS)
    return ratios(two.images_per_second, one.images_per_second)


def _print(figures: dict[int, Figures], *, images: int, delay_ms: float, slow_hosts: int) -> None:
    print(f"{images:,} tiny pictures from {slow_hosts} hosts that wait {delay_ms:g} ms.\n")
    print_table(
        [
            "workers",
            "images/s",
            "/ one worker's",
            "images that each did",
            "cores busy: API and workers",
            "the servers",
            "all programs",
            "waiting for a host, on average",
            "peak PSS of API and workers, MB",
        ],
        [
            [
                str(count),
                spread(one.images_per_second, 0),
                spread(ratios(one.images_per_second, figures[COUNTS[0]].images_per_second)),
                " + ".join(spread(share, 0) for share in zip(*one.images, strict=True)),
                spread(one.cores),
                spread(one.server_cores),
                spread(one.machine_cores),
                spread([value * delay_ms / 1000 for value in one.images_per_second], 0),
                megabytes(one.peak_pss),
            ]
            for count, one in figures.items()
        ],
    )
