"""`python -m benchmarks`: one command, a sub-command for each area. The figures go to stdout."""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.figures import print_heading
from benchmarks.goals import report

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

CacheFolder = Annotated[
    Path, typer.Option("--cache", help="Keeps made photos, CSV files and img2dataset.")
]
Rounds = Annotated[int, typer.Option(min=1, help="Times that all contenders run.")]
Photos = Annotated[
    Path | None, typer.Option(help="A folder of your own JPEG files; default: made ones.")
]
Distinct = Annotated[int, typer.Option(min=1, help="Different photos to make.")]
CACHE = Path.home() / ".cache" / "image-processing-service" / "benchmarks"


class Window(StrEnum):
    """What a limiting host counts as a second, see `tests/parts/rate_limits.py`."""

    fixed = "fixed"
    sliding = "sliding"
    bucket = "bucket"


@app.callback()
def measure() -> None:
    """Measure the service; each command prints Markdown with the command that made it."""
    # As Ctrl-C does it: through every `finally`, so that no server stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@app.command("service")
def service_command(
    images: Annotated[int, typer.Option(min=1, help="Images in one request.")] = 630,
    rounds: Rounds = 3,
    photos: Photos = None,
    distinct: Distinct = 60,
    delay_ms: Annotated[
        float, typer.Option(min=0, help="Fetch from hosts that wait so long, too.")
    ] = 0,
    slow_hosts: Annotated[int, typer.Option(min=1, max=200, help="Hosts that wait.")] = 4,
    dataset: Annotated[bool, typer.Option(help="Compare with img2dataset.")] = True,
    formats: Annotated[
        bool, typer.Option(help="Instead, measure every other option against Pillow.")
    ] = False,
    cache: CacheFolder = CACHE,
) -> None:
    """The whole service beside the codec's own limit and img2dataset."""
    from benchmarks.formats import compare_formats
    from benchmarks.service import compare_service

    taken = _photos(photos, cache, distinct)
    print_heading("Options beside Pillow" if formats else "The whole service")
    if formats:
        report(compare_formats(taken[:images], rounds=rounds))
        return
    report(
        compare_service(
            taken,
            images=images,
            rounds=rounds,
            delay_ms=delay_ms,
            slow_hosts=slow_hosts,
            dataset_folder=cache / "img2dataset" if dataset else None,
        )
    )


@app.command("memory")
def memory_command(
    images: Annotated[
        list[int],
        typer.Option(
            min=1,
            default_factory=lambda: [630, 4_200],
            help="Images of a request, the smallest first; repeat for more sizes.",
        ),
    ],
    rounds: Rounds = 3,
    photos: Photos = None,
    distinct: Distinct = 60,
    cache: CacheFolder = CACHE,
) -> None:
    """Peak memory of the whole service by the size of a request, each in a fresh one."""
    from benchmarks.memory import compare_memory

    taken = _photos(photos, cache, distinct)
    print_heading("Memory by the size of a request")
    report(compare_memory(taken, sizes=images, rounds=rounds))


@app.command("workers")
def workers_command(
    images: Annotated[int, typer.Option(min=1, help="Images in one request.")] = 8_000,
    rounds: Rounds = 3,
    delay_ms: Annotated[float, typer.Option(min=0, help="How long the hosts wait.")] = 300,
    slow_hosts: Annotated[int, typer.Option(min=1, max=200, help="Hosts that wait.")] = 8,
) -> None:
    """One request of tiny pictures from slow hosts: one worker, and two that share it."""
    from benchmarks.workers import compare_workers

    print_heading("Two workers")
    report(compare_workers(images=images, rounds=rounds, delay_ms=delay_ms, slow_hosts=slow_hosts))


@app.command("csv")
def csv_command(
    rows: Annotated[
        list[int],
        typer.Option(
            min=1,
            default_factory=lambda: [10_000, 1_000_000],
            help="Rows of a file; repeat for more sizes.",
        ),
    ],
    rounds: Annotated[int, typer.Option(min=1, help="Times that every step runs.")] = 1,
    s3: Annotated[bool, typer.Option(help="Keep uploads on an S3 server.")] = False,
    cache: CacheFolder = CACHE,
) -> None:
    """Large CSV files: the check, the 202, the rows in Postgres, the output."""
    from benchmarks.catalog import compare_catalog

    print_heading("Large CSV files")
    report(compare_catalog(cache / "tables", sizes=rows, rounds=rounds, s3=s3))


@app.command("pictures")
def pictures_command(
    only: Annotated[str, typer.Option(help="A part of the names of the pictures.")] = "",
) -> None:
    """The worst pictures: memory of a codec child, and time to give up."""
    from benchmarks.pictures import measure_pictures

    print_heading("The worst pictures")
    measure_pictures(only=only)


@app.command("real-pictures")
def real_pictures_command(
    folders: Annotated[list[Path], typer.Argument(help="Folders of pictures, with all below.")],
) -> None:
    """Other people's pictures: are ours as Pillow and ImageCms make them?"""
    from benchmarks.real_pictures import compare_pictures

    print_heading("Real pictures")
    raise typer.Exit(compare_pictures(folders))


@app.command("hosts")
def hosts_command(
    workers: Annotated[
        list[int],
        typer.Option(
            min=1,
            default_factory=lambda: [1, 3],
            help="Workers that share the request; repeat for more numbers.",
        ),
    ],
    only: Annotated[
        list[str] | None,
        typer.Option(help="A row; repeat for more. Default: all; a wrong name lists them."),
    ] = None,
    rounds: Rounds = 1,
    window: Annotated[
        Window, typer.Option(help="How the limiting hosts count a second.")
    ] = Window.fixed,
    baseline: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            resolve_path=True,
            help="Another checkout to compare hosts without a limit with.",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option(help="Small sizes, to see the effect of a change in a minute.")
    ] = False,
) -> None:
    """Hosts that limit their callers, hosts that hang, hosts without a limit."""
    from benchmarks.hosts.table import ROW_NAMES, compare_hosts

    if unknown := [name for name in only or () if name not in ROW_NAMES]:
        known = ", ".join(ROW_NAMES)
        raise typer.BadParameter(f"no row {unknown[0]!r}; rows: {known}", param_hint="--only")
    print_heading("Hosts")
    report(
        compare_hosts(
            only or ROW_NAMES,
            workers=workers,
            rounds=rounds,
            window=window,
            baseline=baseline,
            quick=quick,
        )
    )


@app.command("hostile-hosts")
def hostile_hosts_command(
    timeout_seconds: Annotated[
        float, typer.Option(min=0.1, help="FETCH_TIMEOUT_SECONDS of these fetches.")
    ] = 2,
) -> None:
    """Hosts that misbehave and addresses that are refused: what each costs."""
    from benchmarks.hostile_hosts import measure_guard, measure_hostile_hosts

    print_heading("Refused addresses")
    measure_guard()
    print_heading("Hosts that misbehave")
    measure_hostile_hosts(timeout_seconds=timeout_seconds)


@app.command("silent-receivers")
def silent_receivers_command(
    receivers: Annotated[
        list[int],
        typer.Option(
            min=1,
            max=10_000,
            default_factory=lambda: [1, 1_000],
            help="Receivers that the dead webhooks go to; repeat for more numbers.",
        ),
    ],
    dead: Annotated[int, typer.Option(min=1, help="Webhooks that nobody answers.")] = 10_000,
    requests: Annotated[int, typer.Option(min=1, help="Good requests, one by one.")] = 100,
) -> None:
    """Good requests and their webhooks, alone and beside webhooks that nobody answers."""
    from benchmarks.silent_receivers import compare_silent_receivers

    print_heading("Receivers of webhooks that say nothing")
    compare_silent_receivers(requests=requests, dead=dead, receivers=receivers)


@app.command("bookkeeping")
def bookkeeping_command(
    images: Annotated[
        list[int],
        typer.Option(
            min=1,
            default_factory=lambda: [1_000, 100_000],
            help="Images of a request; repeat for more sizes.",
        ),
    ],
    rounds: Rounds = 3,
    s3: Annotated[bool, typer.Option(help="Store on an S3 server.")] = False,
) -> None:
    """Tiny pictures from memory: what database, tasks and scheduling cost for each image."""
    from benchmarks.bookkeeping import compare_sizes

    print_heading("Bookkeeping")
    report(compare_sizes(images, rounds=rounds, s3=s3))


@app.command("one-request")
def one_request_command(
    processes: Annotated[
        list[int],
        typer.Option(
            min=1,
            default_factory=lambda: [1, 2, 4, 8],
            help="Processes on one request; repeat for more numbers.",
        ),
    ],
    images: Annotated[int, typer.Option(min=3, help="Images of the request.")] = 600_000,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each number works.")] = 8,
    originals: Annotated[bool, typer.Option(help="Each image keeps its original, too.")] = False,
    cache: CacheFolder = CACHE,
) -> None:
    """Claims and records alone: how fast workers could take images of one request."""
    from benchmarks.one_request import compare_processes

    print_heading("One request and its row")
    compare_processes(
        cache / "tables", counts=processes, images=images, seconds=seconds, originals=originals
    )


@app.command("all")
def all_command(
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Rounds of each area; default 5, with --quick 1. At most 3 of csv, 1 of hosts.",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes, to see that everything runs.")] = False,
    cache: Annotated[Path | None, typer.Option(help="As for each area.")] = None,
) -> None:
    """Every area at the sizes that the goals name, and all goals in one table."""
    from benchmarks.everything import areas, run_all, started

    plan = areas(quick=quick, rounds=rounds, cache=cache)
    raise typer.Exit(run_all(started(plan)))


def _photos(own: Path | None, cache: Path, distinct: int) -> list[Path]:
    from benchmarks.photos import make_photos, take_photos

    taken = take_photos(own) if own else make_photos(cache / "photos", distinct)
    if not taken:
        raise typer.BadParameter("there is no JPEG file in it", param_hint="--photos")
    return taken


if __name__ == "__main__":
    app()
