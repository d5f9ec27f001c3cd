"""What requests of each size cost in `bookkeeping`: the figures, their table and the goals."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from app.worker.turn import TURN_SECONDS
from benchmarks.figures import megabytes, print_table, spread
from benchmarks.goals import Measured

BYSTANDER_IMAGES = 60


@dataclass
class Figures:
    """What requests of one size cost, a value for each round, DELETE or bystander."""

    pipe_ms: list[float] = field(default_factory=list)
    pipe_per_second: list[float] = field(default_factory=list)
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
        """What is bookkeeping: all but what the pipe alone took in the same round."""
        return [value - base for value, base in zip(self.cpu_ms, self.pipe_ms, strict=True)]


def print_sizes(figures: dict[int, Figures], alone: Sequence[float], limit: float) -> None:
    """Print a column for each size.

    Args:
        alone: seconds that the small request takes with nothing before it.
        limit: of its seconds behind a large one.
    """
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
        row("the pipe alone, CPU ms an image", lambda one: spread(one.pipe_ms, 3)),
        row("the pipe alone, images/s", lambda one: spread(one.pipe_per_second, 0)),
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


def goals(figures: dict[int, Figures], limit: float) -> list[Measured]:
    """What was measured of each goal of this area."""
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
