"""Memory of the whole service on the real stack, by the size of a request."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import origins
from benchmarks.figures import megabytes, print_table, progress, ratios, spread
from benchmarks.goals import Measured
from benchmarks.service import WARM_UP_IMAGES, csv_of, photo_urls, run_request, write_csv
from benchmarks.service_tables import Figures
from benchmarks.stacks import real_parts, service

# A short request must not seem smaller for being looked at less often.
SAMPLE_SECONDS = 0.1


def compare_memory(photos: Sequence[Path], *, sizes: Sequence[int], rounds: int) -> list[Measured]:
    """Run a request of each size, `rounds` times, and print peak memory and its growth.

    Memory that a process once took it seldom gives back, so each request meets a service that was
    started for it and has done nothing but a few dozen pictures.

    Args:
        photos: JPEG files in one folder; they repeat under other URLs up to the size.
        sizes: images of a request, the smallest first.
    """
    figures = {size: Figures() for size in sizes}
    with ExitStack() as stack:
        origin = stack.enter_context(origins.nginx(photos[0].parent))
        parts = stack.enter_context(real_parts())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-")))
        servers = {**parts.roots, "hosts": origin.roots}
        for turn in range(rounds):
            for size in sizes:
                progress(f"{size:,} images, round {turn + 1} of {rounds} ...")
                files = [photos[number % len(photos)] for number in range(size)]
                urls = photo_urls(files, origin.urls)
                with service(parts.environment) as running, csv_of(folder, urls) as table:
                    warm_up = write_csv(folder / "warm-up.csv", urls[:WARM_UP_IMAGES])
                    running.finished(running.upload(warm_up, fresh="true")["request_id"])
                    run_request(
                        running,
                        servers,
                        table,
                        size,
                        figures[size],
                        sample_seconds=SAMPLE_SECONDS,
                    )
    smallest = figures[sizes[0]]
    growths = {size: ratios(one.peak_pss, smallest.peak_pss) for size, one in figures.items()}
    print_table(
        ["images of the request", "peak PSS, MB", f"/ at {sizes[0]:,}", "images/s"],
        [
            [
                f"{size:,}",
                megabytes(one.peak_pss),
                spread(growths[size]),
                spread(one.images_per_second, 0),
            ]
            for size, one in figures.items()
        ],
    )
    return [
        Measured("memory", f"real stack, {size:,} / {sizes[0]:,} images", growths[size])
        for size in sizes[1:]
    ]
