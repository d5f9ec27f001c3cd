"""All rows of `python -m benchmarks hosts`, round by round."""

from collections.abc import Sequence
from typing import Protocol

from benchmarks.figures import progress
from benchmarks.goals import Measured
from benchmarks.hosts.limited import LIMITED_ROWS, LimitedHosts
from benchmarks.hosts.stand import Stand, stand

ROW_NAMES = tuple(row.name for row in LIMITED_ROWS)


class Family(Protocol):
    """Rows that are measured in the same way; those of it that nobody asked for are left out."""

    def run(self, stand: Stand, workers: int) -> None: ...

    def print(self) -> None: ...

    def measured(self) -> list[Measured]: ...


def compare_hosts(
    names: Sequence[str], *, workers: Sequence[int], rounds: int, window: str, quick: bool
) -> list[Measured]:
    """Run the rows with these names and print their tables.

    Args:
        workers: numbers of workers that each row runs with.
        window: how the limiting hosts count a second.
        quick: small sizes, to see a change's effect while working at it.
    """
    families: list[Family] = [LimitedHosts(names, window=window, quick=quick)]
    with stand() as ours:
        for turn in range(rounds):
            for count in workers:
                progress(f"Round {turn + 1} of {rounds}, workers: {count} ...")
                for family in families:
                    family.run(ours, count)
    for family in families:
        family.print()
    return [one for family in families for one in family.measured()]
