"""Hosts without a limit, near and far: what politeness costs where nobody asked for it.

The figures mean something beside those of other code only: with `--baseline` the same request runs
on the service of another checkout right before, and each pair is a ratio. Tiny pictures cost next
to nothing but bookkeeping, so that all of it shows.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.figures import print_table, progress, ratios, spread
from benchmarks.goals import Measured
from benchmarks.hosts.stand import Stand, Taken, new_address, urls_of
from tests.parts.host_rules import HostRules
from tests.parts.limited_host import LimitedHost

LIMIT_SECONDS = 600
QUICK_SHARE = 10


@dataclass(frozen=True)
class UnlimitedRow:
    """One host and the images of its request."""

    name: str
    text: str
    delay_ms: float
    images: int


UNLIMITED_ROWS = (
    UnlimitedRow("no-limit", "no limit, local", 0, 6_000),
    UnlimitedRow("no-limit-200ms", "no limit, 200 ms", 200, 6_000),
)


@dataclass
class Figures:
    """What one host and one number of workers gave, a value for each round."""

    done: list[float] = field(default_factory=list)
    images_per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def add(self, taken: Taken) -> None:
        """One round more."""
        self.done.append(taken.done)
        self.images_per_second.append(taken.images_per_second)
        self.cpu_ms.append(taken.cpu_ms)


class UnlimitedHosts:
    """The rows of `UNLIMITED_ROWS` with these names.

    Args:
        baseline: the service of the other checkout, or None without one.
    """

    def __init__(self, names: Sequence[str], baseline: Stand | None, *, quick: bool) -> None:
        self._rows = [row for row in UNLIMITED_ROWS if row.name in names]
        self._baseline = baseline
        self._share = QUICK_SHARE if quick else 1
        self._ours: defaultdict[tuple[UnlimitedRow, int], Figures] = defaultdict(Figures)
        self._theirs: defaultdict[tuple[UnlimitedRow, int], Figures] = defaultdict(Figures)

    def run(self, stand: Stand, workers: int) -> None:
        """Measure each row once, with the baseline first."""
        for row in self._rows:
            if self._baseline is not None:
                self._theirs[row, workers].add(self._taken(self._baseline, row, workers))
            self._ours[row, workers].add(self._taken(stand, row, workers))

    def print(self) -> None:
        """Print the table."""
        print("### Hosts without a limit\n")
        print_table(
            [
                "host",
                "workers",
                "done, %",
                "images/s",
                "CPU ms an image",
                "images/s / baseline's",
                "CPU / baseline's",
            ],
            [
                [
                    row.text,
                    str(workers),
                    spread([100 * value for value in one.done], 1),
                    spread(one.images_per_second, 0),
                    spread(one.cpu_ms),
                    *map(spread, self._beside_baseline(row, workers)),
                ]
                for (row, workers), one in self._ours.items()
            ],
        )

    def measured(self) -> list[Measured]:
        """What bears on the goals; speed and cost do so beside a baseline only."""
        found = []
        for (row, workers), one in self._ours.items():
            of = f"{row.text}, workers: {workers}"
            speeds, costs = self._beside_baseline(row, workers)
            found += [
                Measured("hosts_done", of, one.done),
                Measured("hosts_as_fast", of, speeds),
                Measured("hosts_as_cheap", of, costs),
            ]
        return found

    def _beside_baseline(self, row: UnlimitedRow, workers: int) -> tuple[list[float], list[float]]:
        ours, theirs = self._ours[row, workers], self._theirs.get((row, workers))
        if theirs is None:
            return [], []
        return (
            ratios(ours.images_per_second, theirs.images_per_second),
            ratios(ours.cpu_ms, theirs.cpu_ms),
        )

    def _taken(self, stand: Stand, row: UnlimitedRow, workers: int) -> Taken:
        with LimitedHost(HostRules(delay_ms=row.delay_ms), address=new_address()) as host:
            taken = stand.take(
                urls_of(host, row.images // self._share),
                workers=workers,
                limit_seconds=LIMIT_SECONDS,
            )
        progress(
            f"{row.name}, workers: {workers}, {stand.code}: "
            f"{taken.images_per_second:.0f} images/s, {taken.cpu_ms:.2f} CPU ms an image, "
            f"errors: {taken.errors or 'none'}"
        )
        return taken
