"""`python -m benchmarks`: one command, a sub-command for each area. The figures go to stdout."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.figures import print_heading

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

CacheFolder = Annotated[
    Path, typer.Option("--cache", help="Keeps made photos, CSV files and img2dataset.")
]
CACHE = Path.home() / ".cache" / "image-processing-service" / "benchmarks"


@app.callback()
def measure() -> None:
    """Measure the service; each command prints Markdown with the command that made it."""
    # As Ctrl-C does it: through every `finally`, so that no server stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@app.command("service")
def service_command(
    images: Annotated[int, typer.Option(min=1, help="Images in one request.")] = 630,
    rounds: Annotated[int, typer.Option(min=1, help="Times that all contenders run.")] = 3,
    photos: Annotated[
        Path | None, typer.Option(help="A folder of your own JPEG files; default: made ones.")
    ] = None,
    distinct: Annotated[int, typer.Option(min=1, help="Different photos to make.")] = 60,
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
    from benchmarks.photos import make_photos, take_photos
    from benchmarks.service import compare_service

    taken = take_photos(photos) if photos else make_photos(cache / "photos", distinct)
    if not taken:
        raise typer.BadParameter("there is no JPEG file in it", param_hint="--photos")
    print_heading("Options beside Pillow" if formats else "The whole service")
    if formats:
        compare_formats(taken[:images], rounds=rounds)
        return
    compare_service(
        taken,
        images=images,
        rounds=rounds,
        delay_ms=delay_ms,
        slow_hosts=slow_hosts,
        dataset_folder=cache / "img2dataset" if dataset else None,
    )


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
    compare_catalog(cache / "tables", sizes=rows, rounds=rounds, s3=s3)


@app.command("pictures")
def pictures_command(
    only: Annotated[str, typer.Option(help="A part of the names of the pictures.")] = "",
) -> None:
    """The worst pictures: memory of a codec child, and time to give up."""
    from benchmarks.pictures import measure_pictures

    print_heading("The worst pictures")
    measure_pictures(only=only)


@app.command("hosts")
def hosts_command(
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
    s3: Annotated[bool, typer.Option(help="Store on an S3 server.")] = False,
) -> None:
    """Tiny pictures from memory: what database, tasks and scheduling cost for each image."""
    from benchmarks.bookkeeping import compare_sizes

    print_heading("Bookkeeping")
    compare_sizes(images, s3=s3)


if __name__ == "__main__":
    app()
