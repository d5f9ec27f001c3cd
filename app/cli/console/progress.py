"""Following a request to its end: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from app.cli.console.interrupts import Interrupts
from app.cli.console.terminal import count, err
from app.domain.retry import SERVICE_PATIENCE_SECONDS
from app.domain.statuses import RequestStatus

POLL_SECONDS = 0.2
# A log file wants a sign of life, not a film.
PLAIN_SECONDS = 2.0
PLAIN_STILL_SECONDS = 15.0

Status = dict[str, Any]


class Display(Protocol):
    """Shows the progress of a request."""

    def show(self, status: Status) -> None:
        """Show this state."""

    def close(self) -> None:
        """Leave the terminal as it should be."""


def new_display() -> Display:
    """A bar where a person looks at it, lines where a file or another program does."""
    return _Bar() if err.is_terminal else _Lines()


def follow(
    ask: Callable[[], Status],
    *,
    interrupts: Interrupts,
    away: type[Exception],
    poll_seconds: float = POLL_SECONDS,
) -> Status:
    """Show the progress of a request until it has ended, and return its last status.

    Args:
        ask: gives the status.
        away: what `ask` raises while what it asks is away; borne for a minute.
    Raises:
        Interrupted: a stop was asked for.
    """
    display = new_display()
    last_heard = time.monotonic()
    try:
        while True:
            interrupts.check()
            try:
                status = ask()
                last_heard = time.monotonic()
            except away:
                if time.monotonic() - last_heard > SERVICE_PATIENCE_SECONDS:
                    raise
            else:
                display.show(status)
                if RequestStatus(status["status"]).is_final:
                    return status
            time.sleep(poll_seconds)
    finally:
        display.close()


class _Bar:
    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("Images"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}", style="red"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=err,
        )
        self._task = self._progress.add_task("images", total=None, failed="")
        self._progress.start()

    def show(self, status: Status) -> None:
        images = status["images"]
        self._progress.update(
            self._task,
            total=images["total"],
            completed=images["completed"] + images["failed"],
            failed=f"{images['failed']:,} failed" if images["failed"] else "",
        )

    def close(self) -> None:
        self._progress.stop()


class _Lines:
    def __init__(self) -> None:
        self._printed = ""
        self._printed_at = float("-inf")

    def show(self, status: Status) -> None:
        images = status["images"]
        done = images["completed"] + images["failed"]
        line = f"{done:,} of {count(images['total'], 'image')}"
        if images["failed"]:
            line += f", {images['failed']:,} failed"
        pause = PLAIN_SECONDS if line != self._printed else PLAIN_STILL_SECONDS
        final = RequestStatus(status["status"]).is_final and line != self._printed
        if final or time.monotonic() - self._printed_at >= pause:
            self._printed, self._printed_at = line, time.monotonic()
            err.print(line)

    def close(self) -> None:
        """Lines need no end."""
