"""The order in which several processes take the tests.

pytest-xdist gives each process as many tests as the others, in the order they are found, and moves
tests later on. Most of those that wait, for leases, limits and starts, lie beside each other, so
that the processor had nothing to do when they came last.
"""

from itertools import groupby
from typing import TypeVar

Item = TypeVar("Item")

# Folders whose tests wait more than they compute.
WAITING = (
    *("kills/", "benchmarks/", "parts/", "e2e/test_"),
    *("integration/worker/", "integration/cli/"),
)


def dealt(items: list[Item], files: list[str], processes: int) -> list[Item]:
    """The tests in another order, in which each process has its share of those that wait.

    The tests of a file stay together, because they share servers. Each process comes to its
    waiting ones at another time, and none of them at the end.

    Args:
        files: where each test is, below the folder of tests.
    """
    groups = [
        (file, [item for item, _ in group])
        for file, group in groupby(zip(items, files, strict=True), key=lambda pair: pair[1])
    ]
    waiting = [group for file, group in groups if file.startswith(WAITING)]
    others = [group for file, group in groups if not file.startswith(WAITING)]
    piles = zip(_piles(waiting, processes), _piles(others, processes), strict=True)
    ordered: list[Item] = []
    for place, (waits, computes) in enumerate(piles):
        # Those of large files are the quickest ones.
        computes.reverse()
        before = len(computes) * place // processes
        for group in (*computes[:before], *waits, *computes[before:]):
            ordered += group
    return ordered


def _piles(groups: list[list[Item]], count: int) -> list[list[list[Item]]]:
    """As many tests in each pile, as far as whole groups allow."""
    piles: list[list[list[Item]]] = [[] for _ in range(count)]
    for group in sorted(groups, key=len, reverse=True):
        min(piles, key=lambda pile: sum(map(len, pile))).append(group)
    return piles
