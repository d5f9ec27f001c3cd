"""What goes to the terminal: results to stdout, everything else to stderr."""

from typing import Any

from rich.console import Console

# File names and cells of a CSV are printed as they are: they must not be taken for markup.
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

# Exit codes of all commands.
ALL_DONE = 0
SOME_FAILED = 1
UNUSABLE_INPUT = 2
UNREACHABLE = 3

SHOWN_LENGTH_MAX = 200


def shown(value: Any, *, limit: int = SHOWN_LENGTH_MAX) -> str:
    """A foreign value fit for a terminal: no control characters, and not longer than `limit`."""
    text = str(value)
    safe = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[: limit + 1]
    )
    return safe if len(safe) <= limit else f"{safe[: limit - 3]}..."


def fail(message: str) -> None:
    """Print one sentence about what went wrong."""
    err.print(f"Error: {message}", style="red")


def size(number_of_bytes: int) -> str:
    """Bytes for people, in the decimal units of shops and disks.

    >>> size(3_256_000)
    '3.26 MB'
    """
    if number_of_bytes < 1_000:
        return f"{number_of_bytes} bytes"
    value = float(number_of_bytes)
    for unit in ("kB", "MB", "GB"):
        value /= 1_000
        # 999.95 would be rounded up to a thousand of the smaller unit.
        if value < 999.5:
            return f"{value:.3g} {unit}"
    return f"{value / 1_000:,.1f} TB"


def count(number: int, noun: str) -> str:
    """A number and its noun: `1 image`, `1,000 images`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
