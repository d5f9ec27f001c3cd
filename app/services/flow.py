"""How many images a worker has in flight: enough that the codecs never wait, no more."""

from app.imaging.sandbox import CodecPool

IMAGES_MIN = 16
IMAGES_MAX = 128
STEP = 4
# Downloaded bytes that may wait in memory for a codec or for the store.
HELD_BYTES_MAX = 128_000_000


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

    def room(self, *, turns: int, running_in_turn: int) -> int:
        """How many more images one of `turns` turns may start now."""
        if self.held_bytes > HELD_BYTES_MAX:
            return 0
        share = max(self.window // max(turns, 1), 1)
        return max(share - running_in_turn, 0)

    def adjust(self) -> None:
        """Open or close the window by what the codecs are doing at this moment."""
        if self._codecs.waiting > 2 * self._codecs.processes:
            self.window = max(self.window - STEP, IMAGES_MIN)
        elif self._codecs.idle and self.running >= self.window - STEP:
            self.window = min(self.window + STEP, IMAGES_MAX)
