"""All areas one after the other, each as a process of its own, and their goals in one table.

An area that fails, or is killed, loses its own figures only.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import progress
from benchmarks.goals import COLLECT_VARIABLE, collected, print_goals
from tests.parts.process import REPOSITORY

ROUNDS, QUICK_ROUNDS = 5, 1
# A round of a million rows takes minutes.
CSV_ROUNDS_MOST = 3
# One takes 20 minutes, most of it the seconds that limiting hosts have by themselves.
HOSTS_ROUNDS_MOST = 1
STOP_SECONDS = 120


def areas(*, quick: bool, rounds: int | None, cache: Path | None) -> list[list[str]]:
    """The arguments of each area: the sizes that the goals name, or small ones."""
    rounds = rounds or (QUICK_ROUNDS if quick else ROUNDS)
    turns = [f"--rounds={rounds}"]
    kept = [f"--cache={cache}"] if cache else []
    csv_turns = [f"--rounds={min(rounds, CSV_ROUNDS_MOST)}"]
    service = ["service", "--delay-ms=200", *turns, *kept]
    formats = ["service", "--formats", *turns, *kept]
    memory, workers = ["memory", *turns, *kept], ["workers", *turns]
    hosts = ["hosts", f"--rounds={min(rounds, HOSTS_ROUNDS_MOST)}"]
    table, bookkeeping = ["csv", *csv_turns, *kept], ["bookkeeping", *turns]
    if quick:
        return [
            [*service, "--images=120"],
            [*formats, "--images=1"],
            [*memory, "--images=60", "--images=240"],
            [*workers, "--images=600"],
            [*table, "--rows=1000", "--rows=10000"],
            [*bookkeeping, "--images=200", "--images=6000"],
            ["one-request", *kept, "--processes=2", "--images=60000", "--seconds=1"],
            ["pictures", "--only=1 MP"],
            [*hosts, "--quick", "--workers=1", "--only=50-429", "--only=far-store"],
        ]
    return [
        [*service, "--images=2520"],
        [*formats, "--images=8"],
        memory,
        workers,
        table,
        [*bookkeeping, "--images=1000", "--images=100000", "--images=1000000"],
        ["one-request", *kept],
        ["pictures"],
        hosts,
    ]


def run_all(commands: Mapping[str, Sequence[str]]) -> int:
    """Run them in turn and print the goals of all; 1 when one of them failed, else 0.

    Args:
        commands: what starts each area, by the name that it is told of under.
    """
    failed = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ips-benchmark-") as folder:
        measured = Path(folder) / "measured.jsonl"
        for name, command in commands.items():
            progress(f"\n{name}")
            code = _run(command, os.environ | {COLLECT_VARIABLE: str(measured)})
            if code != 0:
                failed.append(f"- `{name}` failed with exit code {code}.")
                print(f"\n`{name}` failed with exit code {code}; standard error says why.\n")
        print("\n## All goals\n")
        print_goals(collected(measured), unmeasured=True)
    print(f"Everything took {(time.monotonic() - began) / 60:.0f} minutes.")
    if failed:
        print("\n" + "\n".join(failed))
    sys.stdout.flush()
    return 1 if failed else 0


def started(plan: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """The commands that start these areas, for `run_all`."""
    return {
        shlex.join(arguments): [sys.executable, "-m", "benchmarks", *arguments]
        for arguments in plan
    }


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    sys.stdout.flush()
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment)
    try:
        return process.wait()
    finally:
        # However this one ends, the area's servers end with it.
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)
