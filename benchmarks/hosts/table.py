"""All rows of `python -m benchmarks hosts`, round by round."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from benchmarks.figures import progress
from benchmarks.goals import Measured
from benchmarks.hosts import far_store, silent
from benchmarks.hosts.far_store import FarStore
from benchmarks.hosts.limited import LIMITED_ROWS, LimitedHosts
from benchmarks.hosts.silent import SilentHost
from benchmarks.hosts.stand import Stand, stand
from benchmarks.hosts.unlimited import UNLIMITED_ROWS, UnlimitedHosts

LIMITED_NAMES = tuple(row.name for row in LIMITED_ROWS)
UNLIMITED_NAMES = tuple(row.name for row in UNLIMITED_ROWS)
ROW_NAMES = (*LIMITED_NAMES, silent.NAME, *UNLIMITED_NAMES, far_store.NAME)


class Family(Protocol):
    """Rows that are measured in the same way and share a table."""

    def run(self, stand: Stand, workers: int) -> None: ...

    def print(self) -> None: ...

    def measured(self) -> list[Measured]: ...


def compare_hosts(
    names: Sequence[str],
    *,
    workers: Sequence[int],
    rounds: int,
    window: str,
    baseline: Path | None,
    quick: bool,
) -> list[Measured]:
    """Run the rows with these names and print their tables.

    Args:
        workers: numbers of workers that each row runs with.
        window: how the limiting hosts count a second.
        baseline: another checkout, whose code the hosts without a limit are compared with.
        quick: small sizes, to see a change's effect while working at it.
    """
    with ExitStack() as stack:
        ours = stack.enter_context(stand())
        before = None
        if baseline is not None and set(names) & set(UNLIMITED_NAMES):
            before = stack.enter_context(stand(code=baseline))
        families = list(_families(names, window=window, before=before, quick=quick))
        for turn in range(rounds):
            for count in workers:
                progress(f"Round {turn + 1} of {rounds}, workers: {count} ...")
                for family in families:
                    family.run(ours, count)
    for family in families:
        family.print()
    return [one for family in families for one in family.measured()]


def _families(
    names: Sequence[str], *, window: str, before: Stand | None, quick: bool
) -> Iterator[Family]:
    asked = set(names)
    if asked & set(LIMITED_NAMES):
        yield LimitedHosts(names, window=window, quick=quick)
    if silent.NAME in asked:
        yield SilentHost(quick=quick)
    if asked & set(UNLIMITED_NAMES):
        yield UnlimitedHosts(names, before, quick=quick)
    if far_store.NAME in asked:
        yield FarStore(quick=quick)
