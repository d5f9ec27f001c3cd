"""A host that hangs beside a good one in one request: who is held up, and when is it given up?

The good host takes a second for each picture, so that its time is long enough to be compared; its
pictures stand evenly among those of the silent host.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.retry import IMAGE
from benchmarks.figures import print_table, progress, spread
from benchmarks.goals import Measured
from benchmarks.hosts.stand import Stand, Taken, new_address, urls_of
from tests.parts.host_rules import HostCounts, HostRules
from tests.parts.limited_host import LimitedHost

NAME = "hang"
GOOD_DELAY_MS = 1_000
GOOD_ALONE_SECONDS_MOST = 300
MAX_ATTEMPTS = 4
# Waiting longer would tell nothing more: the bound is half of it.
GIVE_UP_FACTOR = 3


@dataclass(frozen=True)
class Sizes:
    """Images of both hosts, and the limit of one fetch."""

    silent: int
    good: int
    timeout_seconds: float

    @property
    def giving_up_seconds(self) -> float:
        """All attempts of one image, each until its limit, and the back-offs between them."""
        back_offs = [IMAGE.pause(attempt, chance=0.5) for attempt in range(1, MAX_ATTEMPTS)]
        return MAX_ATTEMPTS * self.timeout_seconds + sum(each or 0.0 for each in back_offs)


FULL, QUICK = Sizes(10_000, 300, 5), Sizes(1_000, 60, 2)


@dataclass
class Figures:
    """What one number of workers gave, a value for each round."""

    good: list[float] = field(default_factory=list)
    good_done: list[float] = field(default_factory=list)
    given_up: list[float] = field(default_factory=list)
    connections: list[float] = field(default_factory=list)
    most_connections: list[float] = field(default_factory=list)
    # Rounds whose request had to be cancelled.
    cancelled: int = 0


class SilentHost:
    """The row `hang`."""

    def __init__(self, *, quick: bool) -> None:
        self._sizes = QUICK if quick else FULL
        self._figures: defaultdict[int, Figures] = defaultdict(Figures)

    def run(self, stand: Stand, workers: int) -> None:
        """Measure the good host alone, then beside the silent one."""
        figures = self._figures[workers]
        alone_seconds, _, _ = self._good_beside(stand, workers, [], GOOD_ALONE_SECONDS_MOST)
        limit = GIVE_UP_FACTOR * self._sizes.giving_up_seconds
        with LimitedHost(HostRules(silence="hang"), address=new_address()) as silent:
            urls = urls_of(silent, self._sizes.silent)
            seconds, taken, good = self._good_beside(stand, workers, urls, limit)
            counts = silent.counts()
        figures.good.append(seconds / alone_seconds)
        figures.good_done.append(good.served / self._sizes.good)
        figures.given_up.append(taken.wall_seconds / self._sizes.giving_up_seconds)
        figures.connections.append(counts.connections)
        figures.most_connections.append(counts.most_connections)
        figures.cancelled += not taken.ended
        progress(
            f"{NAME}, workers: {workers}: good ones {seconds:.1f} s, alone {alone_seconds:.1f} s; "
            f"{'given up' if taken.ended else 'cancelled'} after {taken.wall_seconds:.1f} s, "
            f"{counts.connections} connections, errors: {taken.errors or 'none'}"
        )

    def print(self) -> None:
        """Print the table."""
        sizes = self._sizes
        print("### A host that hangs beside a good one\n")
        print(
            f"{sizes.silent:,} images of the silent host, {sizes.good} of the good one, which "
            f"takes {GOOD_DELAY_MS / 1000:g} s; FETCH_TIMEOUT_SECONDS={sizes.timeout_seconds:g}. "
            "A request that goes on for "
            f"{GIVE_UP_FACTOR} x {sizes.giving_up_seconds:g} s is cancelled.\n"
        )
        print_table(
            [
                "workers",
                "good ones done, %",
                "their time / alone",
                f"given up / ({MAX_ATTEMPTS} x limit + back-offs)",
                "not given up, rounds",
                "connections to the silent host",
                "at once",
            ],
            [
                [
                    str(workers),
                    spread([100 * value for value in one.good_done], 1),
                    spread(one.good),
                    spread(one.given_up),
                    str(one.cancelled),
                    spread(one.connections, 0),
                    spread(one.most_connections, 0),
                ]
                for workers, one in self._figures.items()
            ],
        )

    def measured(self) -> list[Measured]:
        """What bears on the goals."""
        found = []
        for workers, one in self._figures.items():
            of = f"{self._sizes.silent:,} images that hang, workers: {workers}"
            found += [
                Measured("hosts_done", f"beside {of}", one.good_done),
                Measured("hosts_beside_silent", of, one.good),
                Measured("hosts_given_up", of, one.given_up),
                Measured("hosts_connections", of, one.connections),
            ]
        return found

    def _good_beside(
        self, stand: Stand, workers: int, others: Sequence[str], limit_seconds: float
    ) -> tuple[float, Taken, HostCounts]:
        """The seconds from the upload to the good host's last answer, and what else there is."""
        with LimitedHost(HostRules(delay_ms=GOOD_DELAY_MS), address=new_address()) as good:
            taken = stand.take(
                _spread_among(urls_of(good, self._sizes.good), others),
                workers=workers,
                limit_seconds=limit_seconds,
                environment={
                    "FETCH_TIMEOUT_SECONDS": str(self._sizes.timeout_seconds),
                    "FETCH_MAX_ATTEMPTS": str(MAX_ATTEMPTS),
                },
            )
            counts = good.counts()
        if counts.last_answer_at is None:
            raise RuntimeError(f"the good host was never asked: {taken}")
        return counts.last_answer_at - taken.started_at, taken, counts


def _spread_among(few: Sequence[str], many: Sequence[str]) -> list[str]:
    """All of them, the few in equal distances."""
    share = len(many) // len(few)
    mixed: list[str] = []
    for number, url in enumerate(few):
        mixed += [url, *many[number * share : (number + 1) * share]]
    return mixed + list(many[len(few) * share :])
