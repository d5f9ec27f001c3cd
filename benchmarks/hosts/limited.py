"""Hosts that limit their callers: is everything done, and as fast as the host allows?

"Ideal" is the number of images over the host's rate: nobody can be faster for long.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from benchmarks.figures import print_table, progress, spread
from benchmarks.goals import Measured
from benchmarks.hosts.stand import Stand, Taken, new_address, urls_of
from tests.parts.host_rules import HostCounts, HostRules
from tests.parts.limited_host import LimitedHost

# Ideal is half a minute; with `--quick` six seconds.
IDEAL_SECONDS, QUICK_IDEAL_SECONDS = 30, 6
GIVE_UP_FACTOR, GIVE_UP_SECONDS = 10, 60


@dataclass(frozen=True)
class LimitedRow:
    """One kind of host, and the goals of its own where it has them."""

    name: str
    text: str
    rules: HostRules
    rate: int
    refused_goal: str = "hosts_refused"
    wall_goal: str = "hosts_wall"


def _row(name: str, rate: int, text: str, goals: Sequence[str] = (), **rules: object) -> LimitedRow:
    made = replace(HostRules(rate=rate), **rules)  # type: ignore[arg-type]
    return LimitedRow(name, f"{rate}/s, {text}", made, rate, *goals)


LIMITED_ROWS = (
    _row("20-429", 20, "429 with `Retry-After: 1`", retry_after="1"),
    _row("50-429", 50, "429 with `Retry-After: 1`", retry_after="1"),
    _row("50-429-bare", 50, "429 without it"),
    _row("50-429-far", 50, "429 with `Retry-After: 1`, 200 ms away", retry_after="1", delay_ms=200),
    _row(
        "50-503",
        50,
        "503 with `Retry-After: 2`",
        ("hosts_refused", "hosts_wall_503"),
        refusal_status=503,
        retry_after="2",
    ),
    _row(
        "50-ban",
        50,
        "429 with `Retry-After: 1`, a ban of 10 s when 20 over",
        ("hosts_refused_ban", "hosts_wall_ban"),
        retry_after="1",
        ban_seconds=10,
    ),
)


@dataclass
class Figures:
    """What one host and one number of workers gave, a value for each round."""

    done: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    burnt: list[float] = field(default_factory=list)
    bans: list[float] = field(default_factory=list)
    connections: list[float] = field(default_factory=list)


class LimitedHosts:
    """The rows of `LIMITED_ROWS` with these names.

    Args:
        window: how all of these hosts count a second, see `tests/parts/rate_limits.py`.
    """

    def __init__(self, names: Sequence[str], *, window: str, quick: bool) -> None:
        self._rows = [row for row in LIMITED_ROWS if row.name in names]
        self._window = window
        self._ideal_seconds = QUICK_IDEAL_SECONDS if quick else IDEAL_SECONDS
        self._figures: defaultdict[tuple[LimitedRow, int], Figures] = defaultdict(Figures)

    def run(self, stand: Stand, workers: int) -> None:
        """Measure each row once."""
        for row in self._rows:
            images = row.rate * self._ideal_seconds
            rules = replace(row.rules, window=self._window)  # type: ignore[arg-type]
            with LimitedHost(rules, address=new_address()) as host:
                taken = stand.take(
                    urls_of(host, images),
                    workers=workers,
                    limit_seconds=GIVE_UP_FACTOR * self._ideal_seconds + GIVE_UP_SECONDS,
                )
                counts = host.counts()
            _tell(row, workers, taken, counts)
            figures = self._figures[row, workers]
            figures.done.append(taken.done)
            figures.refused.append(counts.refused / counts.requests)
            figures.wall.append(taken.wall_seconds / self._ideal_seconds)
            figures.burnt.append(taken.burnt)
            figures.bans.append(counts.bans)
            figures.connections.append(counts.most_connections)

    def print(self) -> None:
        """Print the table."""
        print("### Hosts that limit their callers\n")
        print(f"{self._ideal_seconds} seconds' images of each host; its second: {self._window}.\n")
        print_table(
            [
                "host",
                "workers",
                "done, %",
                "refused calls, %",
                "wall / ideal",
                "attempts burnt by refusals",
                "bans",
                "most connections",
            ],
            [
                [
                    row.text,
                    str(workers),
                    spread([100 * value for value in one.done], 1),
                    spread([100 * value for value in one.refused], 1),
                    spread(one.wall),
                    spread(one.burnt, 0),
                    spread(one.bans, 0),
                    spread(one.connections, 0),
                ]
                for (row, workers), one in self._figures.items()
            ],
        )

    def measured(self) -> list[Measured]:
        """What bears on the goals."""
        found = []
        for (row, workers), one in self._figures.items():
            of = f"{row.name}, workers: {workers}"
            found += [
                Measured("hosts_done", of, one.done),
                Measured(row.refused_goal, of, one.refused),
                Measured(row.wall_goal, of, one.wall),
                Measured("hosts_burnt", of, one.burnt),
            ]
            if row.rules.ban_seconds:
                found.append(Measured("hosts_bans", of, one.bans))
        return found


def _tell(row: LimitedRow, workers: int, taken: Taken, counts: HostCounts) -> None:
    # Second by second, what was served and, behind a plus, refused: how the rate was learnt.
    seconds = " ".join(
        f"{requests - refused}+{refused}" if refused else f"{requests}"
        for requests, refused in counts.timeline
    )
    progress(
        f"{row.name}, workers: {workers}: {taken.completed} of {taken.total} in "
        f"{taken.wall_seconds:.1f} s{'' if taken.ended else ' (cancelled)'}, "
        f"{counts.refused} of {counts.requests} calls refused, {counts.bans} bans, "
        f"errors: {taken.errors or 'none'}\n  each second: {seconds}"
    )
