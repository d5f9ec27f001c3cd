"""The whole service beside the codec's own limit and img2dataset, over the same photos."""

import csv
import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from benchmarks import codecs, img2dataset, origins
from benchmarks.figures import progress
from benchmarks.goals import Measured
from benchmarks.processes import SELDOM_SECONDS, Meter, settle
from benchmarks.service_tables import (
    CODEC,
    DATASET,
    DATASET_STARTED,
    DELAYED,
    EMBEDDED,
    LADDER,
    REAL,
    Figures,
    goals,
    print_tables,
)
from benchmarks.stacks import Parts, Service, real_parts, role, seconds_between, service

URLS_PER_ROW = 3
WARM_UP_IMAGES = 32
# Its own start is measured with a couple of pictures and shown apart.
DATASET_START_URLS = 2


def compare_service(
    photos: Sequence[Path],
    *,
    images: int,
    rounds: int,
    delay_ms: float,
    slow_hosts: int,
    dataset_folder: Path | None,
) -> list[Measured]:
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
        origin = stack.enter_context(origins.nginx(photos[0].parent))
        slow = (
            stack.enter_context(
                origins.delayed(photos[0].parent, delay_ms=delay_ms, hosts=slow_hosts)
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
        warm_up = write_csv(folder / "warm-up.csv", photo_urls(files[:WARM_UP_IMAGES], origin.urls))
        for running, _ in services.values():
            running.finished(running.upload(warm_up)["request_id"])
        for turn in range(rounds):
            progress(f"Round {turn + 1} of {rounds} ...")
            for name, codec in ((CODEC, codecs.plain_jpeg), (LADDER, codecs.our_ladder)):
                alone = codecs.run_codec(codec, files)
                figures[name].add(images, alone.cpu_seconds, alone.wall_seconds)
            for name, (running, around) in services.items():
                for suffix, hosts_of in (("", origin), (DELAYED, slow)):
                    if hosts_of is not None:
                        servers = {**around.roots, "hosts": hosts_of.roots}
                        with csv_of(folder, photo_urls(files, hosts_of.urls)) as table:
                            run_request(
                                running,
                                servers,
                                table,
                                images,
                                figures[name + suffix],
                                # See "How it measures" in the README: deleted files cost the next.
                                delete=name == REAL,
                            )
            if dataset is not None:
                _run_dataset(dataset, photo_urls(files, origin.urls), figures)
    print_tables(figures)
    return goals(figures, images=images, delay_ms=delay_ms)


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
def csv_of(folder: Path, urls: Sequence[str]) -> Iterator[Path]:
    """Such a file for as long as the block runs."""
    path = write_csv(folder / "products.csv", urls)
    yield path
    path.unlink()


def photo_urls(files: Sequence[Path], origin: Sequence[str]) -> list[str]:
    """A URL of its own for every image: the service would fetch a repeated one only once."""
    return [
        f"{origin[number % len(origin)]}/{quote(path.name)}?n={number}"
        for number, path in enumerate(files)
    ]


def run_request(
    running: Service,
    servers: Mapping[str, list[int]],
    table: Path,
    images: int,
    figures: Figures,
    *,
    sample_seconds: float = SELDOM_SECONDS,
    delete: bool = True,
) -> None:
    """Take one request through a service that has nothing else to do.

    Args:
        servers: process ids of what stands around the service, by name.
        images: how many the table has.
        figures: gets a round more.
        sample_seconds: how often memory is looked at.
        delete: have the service delete it afterwards.
    Raises:
        RuntimeError: an image failed.
    """
    settle([running.pid, *(pid for roots in servers.values() for pid in roots)])
    with ExitStack() as stack:
        meters = {
            name: stack.enter_context(Meter(roots, memory=False)) for name, roots in servers.items()
        }
        meter = stack.enter_context(Meter([running.pid], label=role, sample_seconds=sample_seconds))
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
    for name, server in meters.items():
        figures.parts_ms[f"server side: {name}"].append(1000 * server.cpu_seconds / images)
    figures.add_servers(sum(server.cpu_seconds for server in meters.values()), wall_seconds)
    if delete:
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
    figures[DATASET_STARTED].add(
        len(urls) - DATASET_START_URLS,
        whole.cpu_seconds - start.cpu_seconds,
        whole.wall_seconds - start.wall_seconds,
    )
