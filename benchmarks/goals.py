"""What the service is to reach, and whether the figures of a run reach it.

Each area gives what it measured and prints the goals that this bears on. A goal holds or not by the
median; where single rounds say otherwise, the table tells.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.figures import print_table, spread

# Names a file that `report` adds its figures to, so that `all` can put them together.
COLLECT_VARIABLE = "BENCHMARKS_MEASURED"


@dataclass(frozen=True)
class Goal:
    """A bound on one figure.

    Attributes:
        key: what `Measured.goal` names.
        text: the figure in words, with its unit where it is not a ratio.
        bound: the largest value that is good enough; with `at_least`, the smallest.
    """

    key: str
    text: str
    bound: float
    at_least: bool = False
    digits: int = 2

    @property
    def wanted(self) -> str:
        """The bound as people write it."""
        return f"{'>=' if self.at_least else '<='} {self.bound:,.{self.digits}f}"

    def holds(self, value: float) -> bool:
        """Whether a single value is good enough."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Measured:
    """A goal's figure, a value for each round; `of` says of what, with the size of the run."""

    goal: str
    of: str
    values: list[float]


GOALS = (
    Goal("codec_cpu", "CPU of the codec alone / of the whole service", 0.85, at_least=True),
    Goal("codec_wall", "images/s of the service / of the codec alone", 0.80, at_least=True),
    Goal("dataset_cpu", "CPU of img2dataset without its start / of the service", 1.35, True),
    Goal("dataset_wall", "images/s of the service / of img2dataset with its start", 1.35, True),
    Goal("slow_origin", "images/s from hosts that wait / from one that does not", 0.90, True),
    Goal("memory", "peak memory at the larger request / at the smaller", 1.10),
    Goal("accepted", "seconds to the 202 / csv.reader's", 2.0),
    Goal("ingested", "seconds until all rows are stored / csv.reader's", 8.0),
    Goal("first_byte", "seconds to the output's first byte", 1.0, digits=3),
    Goal("api_memory", "peak memory of the API at the larger file / at the smaller", 1.10),
    Goal("status", "time of a status answer / at 300 images", 1.20),
    Goal("bookkeeping", "CPU ms an image beyond the pipe alone", 0.15, digits=3),
    # "Flat" is a tenth: less would be lost in the noise between two runs.
    Goal("bookkeeping_flat", "CPU of an image in the largest request / in the smallest", 1.10),
    Goal("bookkeeping_memory", "peak memory at the largest request / at the smallest", 1.10),
    Goal("bystander", "seconds of a small request behind a large one / (2 x alone + slice)", 1.0),
    # "Near-doubles" is nine tenths of two.
    Goal("workers", "images/s of two workers / of one", 1.80, at_least=True),
    Goal("hosts_done", "share of a host's images that are done", 1.0, at_least=True),
    Goal("hosts_refused", "share of the calls that the host refuses", 0.05),
    Goal("hosts_refused_ban", "share of the calls that a host with a ban refuses", 0.10),
    Goal("hosts_wall", "seconds / (images / the host's rate)", 1.25),
    Goal("hosts_wall_503", "seconds / (images / the rate of a host that answers 503)", 1.30),
    Goal("hosts_wall_ban", "seconds / (images / the rate of a host with a ban)", 1.60),
    Goal("hosts_burnt", "images with an attempt lost to a refusal", 0, digits=0),
    Goal("hosts_bans", "bans by one host", 2, digits=0),
    Goal("hosts_beside_silent", "seconds of a host's images beside a silent one / alone", 1.10),
    Goal("hosts_given_up", "seconds until a silent host is given up / all attempts of one", 1.50),
    Goal("hosts_connections", "connections made to a silent host", 120, digits=0),
    Goal("hosts_as_fast", "images/s / those of the code before", 0.97, at_least=True),
    Goal("hosts_as_cheap", "CPU of an image / that of the code before", 1.03),
    Goal("hosts_far_store", "images/s into a far store / into a near one", 0.90, at_least=True),
    Goal("formats", "CPU of an option / of Pillow used directly", 1.10),
)


def report(measured: Sequence[Measured]) -> None:
    """Print the goals that an area measured, and hand them to the run of all areas if there is one.

    Raises:
        KeyError: there is no such goal.
    """
    print("### Goals\n")
    print_goals(measured)
    if collected := os.environ.get(COLLECT_VARIABLE):
        with Path(collected).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(one)) + "\n" for one in measured)


def collected(path: Path) -> list[Measured]:
    """What `report` has added to a file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Measured(**json.loads(line)) for line in lines]


def print_goals(measured: Iterable[Measured], *, unmeasured: bool = False) -> None:
    """Print goal, bound, figure and verdict, in the order of `GOALS`.

    Args:
        unmeasured: name the goals that nothing was measured for, too.
    """
    by_goal: dict[str, list[Measured]] = {goal.key: [] for goal in GOALS}
    for one in measured:
        by_goal[one.goal].append(one)
    rows = []
    for goal in GOALS:
        found = [one for one in by_goal[goal.key] if one.values]
        rows += [
            [
                f"{goal.text}: {one.of}",
                goal.wanted,
                spread(one.values, goal.digits),
                verdict(goal, one.values),
            ]
            for one in found
        ]
        if unmeasured and not found:
            rows.append([goal.text, goal.wanted, "-", "not measured"])
    print_table(["goal", "wanted", "measured (min-max)", "holds?"], rows)


def verdict(goal: Goal, values: Sequence[float]) -> str:
    """Whether the median is good enough, and whether every round agrees."""
    holds = goal.holds(median(values))
    agreed = all(goal.holds(value) == holds for value in values)
    return ("yes" if holds else "no") + ("" if agreed else ", by median")
