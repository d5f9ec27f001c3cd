"""The worker's event loop: it lets events gather while nobody waits for what comes of them."""

import asyncio
import os
import selectors
import sys
import time
from collections.abc import Callable
from contextlib import suppress

# Up to here a longer pause costs less CPU; twice as much gave nothing more.
GATHER_SECONDS = 0.010


class _GatheringSelector(selectors.DefaultSelector):
    """Looks at the sockets a little later, and then at more of them at once."""

    def __init__(self, backlog_seconds: Callable[[], float]) -> None:
        super().__init__()
        self._backlog_seconds = backlog_seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready, after a pause where the loop itself has nothing left to do."""
        if timeout is None or timeout > GATHER_SECONDS:
            pause = min(self._backlog_seconds(), GATHER_SECONDS)
            if pause:
                time.sleep(pause)
                timeout = None if timeout is None else timeout - pause
        return super().select(timeout)


def gathering_loop(backlog_seconds: Callable[[], float]) -> asyncio.AbstractEventLoop:
    """Make an event loop that wakes up less often while there is a backlog of work elsewhere.

    Where all cores are busy with pictures, each waking of the loop takes one of them away from a
    codec, caches and all, and mostly for a single event. Three events at once cost less than three
    times as much, and as long as pictures wait for the codecs nothing is done later by it.

    Args:
        backlog_seconds: for how long the codecs have pictures to go on with, asked before each look
            at the sockets; the loop pauses for no longer than that, and never longer than
            GATHER_SECONDS.
    """
    return asyncio.SelectorEventLoop(_GatheringSelector(backlog_seconds))


def as_batch_work() -> None:
    """Let this thread, and all threads and processes that it starts from now on, wait their turn.

    By default a thread that wakes up takes the core from whoever has it, and here that is a codec
    in the middle of a picture. Work of the kernel's batch class goes on when the other's time
    slice, some milliseconds, is over, and gets as much of the cores as before.

    Source: sched(7), SCHED_BATCH. Other systems than Linux have no such class.
    """
    if sys.platform == "linux":
        # A sandbox may forbid it; then all goes on as it would have without.
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
