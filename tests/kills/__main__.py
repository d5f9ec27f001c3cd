"""`python -m tests.kills --kills 200`: random kills on both stacks, and what came of them."""

import argparse
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.kills.launcher import Launcher
from tests.kills.random_kills import run
from tests.kills.stacks import EMBEDDED, FULL, own_stack


def main() -> int:
    """Run; exit code 1 when anything was lost or double."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.kills",
        description="Kill API, worker and codec children at random while requests are worked on; "
        "then check that nothing is lost and nothing was done twice.",
    )
    parser.add_argument("--kills", type=int, default=200, help="in all, shared by the stacks")
    parser.add_argument("--stack", choices=[EMBEDDED, FULL], help="default: one after the other")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    arguments = parser.parse_args()
    names = [arguments.stack] if arguments.stack else [EMBEDDED, FULL]
    say(f"seed {arguments.seed}")
    bad = False
    with Launcher() as launcher:
        for number, name in enumerate(names):
            # The first stack gets the odd one.
            kills = (arguments.kills + len(names) - 1 - number) // len(names)
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder, own_stack(name, Path(folder)) as stack:
                chance = random.Random(f"{arguments.seed} {name}")
                outcome = run(launcher, stack, kills=kills, chance=chance)
            say(f"{outcome}; {time.monotonic() - started:.0f} s")
            for sentence in (*outcome.findings.lost, *outcome.findings.double):
                bad = True
                say(f"  {sentence}")
    return 1 if bad else 0


def say(line: str) -> None:
    """One line, now."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
