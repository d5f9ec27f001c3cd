"""A short run of `python -m tests.kills`, which makes 200 kills."""

import random

from tests.kills.checks import Findings
from tests.kills.launcher import Launcher
from tests.kills.random_kills import run
from tests.kills.stacks import Stack

KILLS = 5


def test_random_kills_lose_nothing_and_repeat_nothing(launcher: Launcher, stack: Stack) -> None:
    outcome = run(launcher, stack, kills=KILLS, chance=random.Random())
    assert outcome.kills.total() == KILLS
    assert outcome.requests >= 3
    assert outcome.findings == Findings()
