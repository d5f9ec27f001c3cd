"""How many images a worker has in flight: enough that the codecs never wait, no more."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

# The least is enough for hosts that answer within a tenth of a second.
IMAGES_MIN, IMAGES_MAX = 32, 128
# Grow the window by this factor at once; shrink it by this number of images.
OPENING, STEP = 4, 4
# The codecs are watched for at least this time before the window changes; and the weight of the
# newest sample in the moving average of download times.
WATCHED_SECONDS = 0.1
NEWEST_SHARE = 0.2
# Downloaded bytes that may wait in memory for a codec or for the store.
BUFFERED_BYTES_MAX = 128_000_000
# A download that takes longer than this waits for its host and not for us. Up to this number of
# them, in all turns, do not count, so that hosts that hang cannot fill the window of all others.
SLOW_SECONDS = 2.0
SLOW_MAX = 128


class Codecs(Protocol):
    """What the window goes by: children, those without work, and pictures without a child."""

    @property
    def processes(self) -> int: ...

    @property
    def idle(self) -> int: ...

    @property
    def waiting(self) -> int: ...


class Window:
    """The shared window of a worker process.

    Where codecs run dry although the window is full, the hosts are slow and it opens wide; where
    images wait before the codecs all the time, more downloads only cost memory and it closes step
    by step. It is judged once in the time of a download: pictures asked for together arrive
    together, so any single moment shows a queue or idle codecs, whatever the hosts are like.
    """

    def __init__(self, codecs: Codecs) -> None:
        self._codecs = codecs
        self.size = IMAGES_MIN
        self.running = 0
        self.held_bytes = 0
        self._fetch_seconds = 0.0
        self._judge_at = 0.0
        self._ran_dry = False
        self._fewest_waiting: int | None = None
        # Downloads under way, the oldest first: (request, image) -> when it began.
        self._fetching: dict[tuple[str, int], float] = {}

    @contextmanager
    def fetching(self, request_id: str, seq: int) -> Iterator[None]:
        """Inside, this image is being downloaded."""
        began_at = self._fetching[request_id, seq] = time.monotonic()
        try:
            yield
        finally:
            self._fetching.pop((request_id, seq), None)
            # Without those that hang: they would keep the window as it is for long.
            took = min(time.monotonic() - began_at, SLOW_SECONDS)
            self._fetch_seconds += NEWEST_SHARE * (took - self._fetch_seconds)

    def room(self, request_id: str, *, turns: int, running_in_turn: int) -> int:
        """How many more images the turn on this request, one of `turns`, may start now."""
        if self.held_bytes > BUFFERED_BYTES_MAX:
            return 0
        turns = max(turns, 1)
        share = max(self.size // turns, 1)
        uncounted = min(self._slow_fetches(request_id), SLOW_MAX // turns)
        return max(share - (running_in_turn - uncounted), 0)

    def _slow_fetches(self, request_id: str) -> int:
        before = time.monotonic() - SLOW_SECONDS
        slow = 0
        for (request, _), began_at in self._fetching.items():
            if began_at > before:
                break
            slow += request == request_id
        return slow

    def adjust(self) -> None:
        """Look at the codecs, called whenever a picture is done; judge once in a while."""
        waiting = self._codecs.waiting
        if self._codecs.idle and not waiting and self.running >= self.size - STEP:
            self._ran_dry = True
        if self._fewest_waiting is None or waiting < self._fewest_waiting:
            self._fewest_waiting = waiting
        moment = time.monotonic()
        if moment < self._judge_at:
            return
        if self._ran_dry:
            self.size = min(OPENING * self.size, IMAGES_MAX)
        elif self._fewest_waiting > 2 * self._codecs.processes:
            self.size = max(self.size - STEP, IMAGES_MIN)
        self._ran_dry, self._fewest_waiting = False, None
        self._judge_at = moment + max(self._fetch_seconds, WATCHED_SECONDS)
