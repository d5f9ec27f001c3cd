"""The tables and goals of the whole service beside its contenders."""

import os
from collections import defaultdict
from dataclasses import dataclass, field

from benchmarks.figures import megabytes, print_table, ratios, spread
from benchmarks.goals import Measured

CODEC, LADDER = "codec alone (simplejpeg)", "codec alone (app.imaging)"
REAL, EMBEDDED = "service, real stack", "service, embedded"
DATASET = "img2dataset"
DELAYED = " from a slow host"
DATASET_STARTED = f"{DATASET} without its start"
CORES = os.cpu_count() or 1


@dataclass
class Figures:
    """One contender's figures, a value for each round."""

    cpu_ms: list[float] = field(default_factory=list)
    images_per_second: list[float] = field(default_factory=list)
    peak_pss: list[int] = field(default_factory=list)
    # Of all cores, by the servers around the service: with cores of their own they would not take
    # it from the service.
    servers_share: list[float] = field(default_factory=list)
    parts_ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, images: int, cpu_seconds: float, wall_seconds: float, peak_pss: int = 0) -> None:
        """Note one round."""
        self.cpu_ms.append(1000 * cpu_seconds / images)
        self.images_per_second.append(images / wall_seconds)
        if peak_pss:
            self.peak_pss.append(peak_pss)

    def add_servers(self, cpu_seconds: float, wall_seconds: float) -> None:
        """Note what the servers around took in the same round."""
        self.servers_share.append(cpu_seconds / (wall_seconds * CORES))


def print_tables(figures: dict[str, Figures]) -> None:
    """Print what each contender cost, side by side."""
    limit, dataset = figures[CODEC], figures.get(DATASET_STARTED)
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
                spread(one.servers_share),
                spread(_of_what_was_left(one, limit)),
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
            "share of the cores that the servers took",
            "its images/s / codec's on what was left of them",
            "CPU of img2dataset without its start / its CPU",
            "peak PSS, MB",
        ],
        rows,
    )
    shown = [name for name in figures if figures[name].parts_ms]
    print_table(
        ["CPU ms an image of", *shown],
        [
            [part, *(spread(figures[name].parts_ms.get(part, [])) for name in shown)]
            for part in dict.fromkeys(part for name in shown for part in figures[name].parts_ms)
        ],
    )


def _of_what_was_left(one: Figures, limit: Figures) -> list[float]:
    if not one.servers_share:
        return []
    speed = ratios(one.images_per_second, limit.images_per_second)
    return [of / (1 - share) for of, share in zip(speed, one.servers_share, strict=True)]


def goals(figures: dict[str, Figures], *, images: int, delay_ms: float) -> list[Measured]:
    """What these figures say about the goals."""
    limit = figures[CODEC]
    whole, started = figures.get(DATASET), figures.get(DATASET_STARTED)
    found = []
    for name in (REAL, EMBEDDED):
        one, of = figures[name], f"{name.removeprefix('service, ')}, {images:,} images"
        found += [
            Measured("codec_cpu", of, ratios(limit.cpu_ms, one.cpu_ms)),
            Measured("codec_wall", of, ratios(one.images_per_second, limit.images_per_second)),
        ]
        slow = figures.get(name + DELAYED)
        if slow is not None:
            share = ratios(slow.images_per_second, one.images_per_second)
            found.append(Measured("slow_origin", f"{of}, {delay_ms:g} ms", share))
        # A round that img2dataset could not end has nothing to be paired with.
        if whole and started and len(whole.cpu_ms) == len(one.cpu_ms):
            speed = ratios(one.images_per_second, whole.images_per_second)
            found += [
                Measured("dataset_cpu", of, ratios(started.cpu_ms, one.cpu_ms)),
                Measured("dataset_wall", of, speed),
            ]
    return found
