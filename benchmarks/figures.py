"""How figures are printed: Markdown tables of medians, each with the smallest and largest value."""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

MEGABYTE = 1_000_000
PACKAGES = ("aiohttp", "celery", "fastapi", "obstore", "pillow", "psycopg", "simplejpeg")


def print_heading(title: str) -> None:
    """Say what was run, where and with what, so that the figures below can be repeated."""
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n## {title}\n")
    print(f"- `{command}`")
    print(f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}")
    print(f"- {os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.release()}")
    print(f"- load averages before: {load}")
    print(f"- Python {platform.python_version()}, {packages}\n", flush=True)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; all columns but the first are aligned to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for number, line in enumerate(lines):
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
            print("| " + " | ".join(rules) + " |")
    print(flush=True)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, with the smallest and the largest value where there are several."""
    if not values:
        return "-"
    middle = f"{median(values):z,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):z,.{digits}f}-{max(values):z,.{digits}f})"


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Round by round: what belongs together was measured one right after the other."""
    return [above / below for above, below in zip(numerators, denominators, strict=True) if below]


def megabytes(values: Sequence[int]) -> str:
    """Bytes as MB, see `spread`."""
    return spread([value / MEGABYTE for value in values], 0)


def progress(text: str) -> None:
    """Tell on standard error what is going on; standard output has the figures only."""
    print(text, file=sys.stderr, flush=True)


def _commit() -> str:
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
