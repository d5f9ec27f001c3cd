"""Proof that a worker process's event loop turns, for health checks on the same machine."""

import os
import tempfile
import time
from asyncio import AbstractEventLoop, TimerHandle
from pathlib import Path

BEAT_SECONDS = 5.0
# A busy loop is late by milliseconds; one that is this late has hung.
GOOD_FOR_SECONDS = 30.0
NAME = "image-processing-worker-"


class Heartbeat:
    """A small file, written by the loop again and again, that says until when it holds good.

    Nothing but the standard library is needed to read it: a health check runs every few seconds,
    and the service's own libraries would cost it a noticeable share of a core.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or Path(tempfile.gettempdir())) / f"{NAME}{os.getpid()}"
        self._next: TimerHandle | None = None

    def start(self, loop: AbstractEventLoop) -> None:
        """Begin; called on the loop. A file that cannot be written is logged by the loop."""
        self._next = loop.call_later(BEAT_SECONDS, self.start, loop)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{time.time() + GOOD_FOR_SECONDS}")
        # In one step, so that a reader never sees half a number.
        fresh.replace(self._path)

    def stop(self) -> None:
        """End, and leave no file; called on the loop."""
        if self._next is not None:
            self._next.cancel()
        self._path.unlink(missing_ok=True)


def worker_is_alive(folder: Path | None = None) -> bool:
    """True when the loop of some worker process on this machine has turned lately."""
    for path in (folder or Path(tempfile.gettempdir())).glob(f"{NAME}*"):
        if path.suffix == "" and float(path.read_text()) > time.time():
            return True
    return False
