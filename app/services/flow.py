"""How many images a worker has in flight: enough that the codecs never wait, no more."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.imaging.sandbox import CodecPool

IMAGES_MIN = 16
IMAGES_MAX = 128
STEP = 4
# Downloaded bytes that may wait in memory for a codec or for the store.
HELD_BYTES_MAX = 128_000_000
# A download that takes longer than this waits for its host and not for us: so many of them, in all
# turns together, do not count, so that hosts which hang cannot fill the window of all others.
SLOW_SECONDS = 2.0
SLOW_MAX = 128


class Flow:
    """The shared window of a worker process.

    Slow hosts keep the codecs idle, so the window opens; when images queue up before the codecs,
    more downloads only cost memory, so it closes.
    """

    def __init__(self, codecs: CodecPool) -> None:
        self._codecs = codecs
        self.window = IMAGES_MIN
        self.running = 0
        self.held_bytes = 0
        # Downloads under way, the oldest first: (request, image) -> when it began.
        self._fetching: dict[tuple[str, int], float] = {}

    @contextmanager
    def fetching(self, request_id: str, seq: int) -> Iterator[None]:
        """Inside, this image is being downloaded."""
        self._fetching[request_id, seq] = time.monotonic()
        try:
            yield
        finally:
            self._fetching.pop((request_id, seq), None)

    def room(self, request_id: str, *, turns: int, running_in_turn: int) -> int:
        """How many more images the turn on this request, one of `turns`, may start now."""
        if self.held_bytes > HELD_BYTES_MAX:
            return 0
        turns = max(turns, 1)
        share = max(self.window // turns, 1)
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
        """Open or close the window by what the codecs are doing at this moment."""
        if self._codecs.waiting > 2 * self._codecs.processes:
            self.window = max(self.window - STEP, IMAGES_MIN)
        elif self._codecs.idle and self.running >= self.window - STEP:
            self.window = min(self.window + STEP, IMAGES_MAX)
