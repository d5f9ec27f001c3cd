"""The whole service beside the codec's own limit and img2dataset, over the same photos."""

import csv
import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from benchmarks import codecs, hosts, img2dataset
from benchmarks.figures import megabytes, print_table, progress, ratios, spread
from benchmarks.processes import Meter
from benchmarks.stacks import Parts, Service, real_parts, role, seconds_between, service

CODEC, LADDER = "codec alone (simplejpeg)", "codec alone (app.imaging)"
REAL, EMBEDDED = "service, real stack", "service, embedded"
DATASET = "img2dataset"
DELAYED = " from a slow host"
URLS_PER_ROW = 3
WARM_UP_IMAGES = 32
# Its own start is measured with a couple of pictures and shown apart.
DATASET_START_URLS = 2


@dataclass
class Figures:
    """One contender's figures, a value for each round."""

    cpu_ms: list[float] = field(default_factory=list)
    images_per_second: list[float] = field(default_factory=list)
    peak_pss: list[int] = field(default_factory=list)
    parts_ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, images: int, cpu_seconds: float, wall_seconds: float, peak_pss: int = 0) -> None:
        """Note one round."""
        self.cpu_ms.append(1000 * cpu_seconds / images)
        self.images_per_second.append(images / wall_seconds)
        if peak_pss:
            self.peak_pss.append(peak_pss)


def compare_service(
    photos: Sequence[Path],
    *,
    images: int,
    rounds: int,
    delay_ms: float,
    slow_hosts: int,
    dataset_folder: Path | None,
) -> None:
    """Run all contenders in turn, `rounds` times, and print what they cost.

    Args:
        photos: JPEG files in one folder; they repeat under other URLs up to `images`.
        delay_ms: above 0, the service also fetches from hosts that wait so long.
        slow_hosts: how many such hosts there are.
        dataset_folder: where img2dataset is or will be installed; None: leave it out.
    """
    files = [photos[number % len(photos)] for number in range(images)]
    figures: defaultdict[str, Figures] = defaultdict(Figures)
    with ExitStack() as stack:
        origin = stack.enter_context(hosts.nginx(photos[0].parent))
        slow = (
            stack.enter_context(
                hosts.delayed(photos[0].parent, delay_ms=delay_ms, hosts=slow_hosts)
            )
            if delay_ms
            else None
        )
        parts = stack.enter_context(real_parts())
        services = {
            REAL: (stack.enter_context(service(parts.environment)), parts),
            EMBEDDED: (stack.enter_context(service({})), Parts()),
        }
        dataset = _prepare_dataset(dataset_folder)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-")))
        warm_up = write_csv(folder / "warm-up.csv", _urls(files[:WARM_UP_IMAGES], origin))
        for running, _ in services.values():
            running.finished(running.upload(warm_up)["request_id"])
        for turn in range(rounds):
            progress(f"Round {turn + 1} of {rounds} ...")
            for name, codec in ((CODEC, codecs.plain_jpeg), (LADDER, codecs.our_ladder)):
                alone = codecs.run_codec(codec, files)
                figures[name].add(images, alone.cpu_seconds, alone.wall_seconds)
            for name, (running, around) in services.items():
                with _csv_of(folder, _urls(files, origin)) as table:
                    _run_service(running, around, table, images, figures[name])
                if slow is not None:
                    with _csv_of(folder, _urls(files, slow)) as table:
                        _run_service(running, around, table, images, figures[name + DELAYED])
            if dataset is not None:
                _run_dataset(dataset, _urls(files, origin), figures)
    _print(figures)


def write_csv(path: Path, urls: Sequence[str]) -> Path:
    """A file as users upload it, with three URLs in each row."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["S. No.", "Product Name", "Input Image Urls"])
        for row in range(math.ceil(len(urls) / URLS_PER_ROW)):
            cell = ",".join(urls[row * URLS_PER_ROW : (row + 1) * URLS_PER_ROW])
            writer.writerow([row + 1, f"Product {row + 1}", cell])
    return path


@contextmanager
def _csv_of(folder: Path, urls: Sequence[str]) -> Iterator[Path]:
    path = write_csv(folder / "products.csv", urls)
    yield path
    path.unlink()


def _urls(files: Sequence[Path], origin: Sequence[str]) -> list[str]:
    """A URL of its own for every image: the service would fetch a repeated one only once."""
    return [
        f"{origin[number % len(origin)]}/{quote(path.name)}?n={number}"
        for number, path in enumerate(files)
    ]


def _run_service(
    running: Service, around: Parts, table: Path, images: int, figures: Figures
) -> None:
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(Meter(roots, memory=False))
            for name, roots in around.roots.items()
        }
        meter = stack.enter_context(Meter([running.pid], label=role))
        started = time.time()
        # nginx gives validators: without `fresh`, every round but the first would do no codec work.
        request_id = running.upload(table, fresh="true")["request_id"]
        status = running.finished(request_id)
    if status["images"]["completed"] != images:
        raise RuntimeError(f"only {status['images']} of {images} images: {status['errors']}")
    wall_seconds = seconds_between(started, status["finished_at"])
    figures.add(images, meter.cpu_seconds, wall_seconds, meter.peak_pss_bytes)
    for name, seconds in meter.cpu_by_label.items():
        figures.parts_ms[name].append(1000 * seconds / images)
    for name, server in servers.items():
        figures.parts_ms[f"server side: {name}"].append(1000 * server.cpu_seconds / images)
    running.client.delete(f"/requests/{request_id}").raise_for_status()


def _prepare_dataset(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    try:
        program = img2dataset.install(folder)
    except img2dataset.NotAvailable as error:
        print(f"img2dataset is left out: {error}\n")
        return None
    print(f"img2dataset {img2dataset.installed_version(program)}, Python of its own.\n")
    return program


def _run_dataset(program: Path, urls: Sequence[str], figures: defaultdict[str, Figures]) -> None:
    try:
        start = img2dataset.run_img2dataset(program, urls[:DATASET_START_URLS])
        whole = img2dataset.run_img2dataset(program, urls)
    except img2dataset.NotAvailable as error:
        print(f"img2dataset is left out of a round: {error}\n")
        return
    figures[DATASET].add(len(urls), whole.cpu_seconds, whole.wall_seconds, whole.peak_pss_bytes)
    figures[f"{DATASET} without its start"].add(
        len(urls) - DATASET_START_URLS,
        whole.cpu_seconds - start.cpu_seconds,
        whole.wall_seconds - start.wall_seconds,
    )


def _print(figures: dict[str, Figures]) -> None:
    limit, dataset = figures[CODEC], figures.get(f"{DATASET} without its start")
    rows = []
    for name, one in figures.items():
        compared = dataset is not None and len(dataset.cpu_ms) == len(one.cpu_ms)
        rows.append(
            [
                name,
                spread(one.cpu_ms),
                spread(ratios(limit.cpu_ms, one.cpu_ms)),
                spread(one.images_per_second, 0),
                spread(ratios(one.images_per_second, limit.images_per_second)),
                spread(ratios(dataset.cpu_ms, one.cpu_ms)) if dataset and compared else "-",
                megabytes(one.peak_pss),
            ]
        )
    print_table(
        [
            "",
            "CPU ms an image",
            "codec's CPU / its CPU",
            "images/s",
            "its images/s / codec's",
            "CPU of img2dataset without its start / its CPU",
            "peak PSS, MB",
        ],
        rows,
    )
    for name in (REAL, EMBEDDED):
        slow = figures.get(name + DELAYED)
        if slow is not None:
            share = ratios(slow.images_per_second, figures[name].images_per_second)
            print(f"{name}: images/s from the slow hosts / from the local one: {spread(share)}\n")
    shown = [name for name in figures if figures[name].parts_ms]
    print_table(
        ["CPU ms an image of", *shown],
        [
            [part, *(spread(figures[name].parts_ms.get(part, [])) for name in shown)]
            for part in dict.fromkeys(part for name in shown for part in figures[name].parts_ms)
        ],
    )
