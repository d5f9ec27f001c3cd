"""What this worker has in hand, taken and given back in one place: hosts, window, bytes, turns."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from app.db.queue import ClaimedImage
from app.worker.hosts.answers import Answer, Kind
from app.worker.hosts.known import Hosts
from app.worker.hosts.permit import Permit
from app.worker.window import Window

# Images that are being stored at a time: a store 300 ms away takes them as fast as the codecs make
# them, and one that hangs holds no more than this.
STORING_MAX = 256
# A store that takes this long, as a moving average with this weight of the newest, is reported.
STORE_SLOW_SECONDS = 1.0
STORE_WEIGHT = 0.05
SLOW_TOLD_SECONDS = 60.0

log = structlog.get_logger(__name__)

_NO_ANSWER = Answer(Kind.NEUTRAL)


class Slot:
    """One image's way through the worker; whoever took it closes it, whatever happened.

    Its three stages give back as they end: the host's connection when the download is done, the
    place in the window when the picture goes to the store, the bytes when all is over.
    """

    __slots__ = ("_bytes", "_in_window", "_permit", "_slots", "_storing_since", "image")

    def __init__(self, slots: "Slots", image: ClaimedImage, permit: Permit) -> None:
        self.image = image
        self._slots = slots
        self._permit: Permit | None = permit
        self._in_window = True
        self._storing_since: float | None = None
        self._bytes = 0

    def answered(self, answer: Answer) -> None:
        """The host has answered, or the request was let go: its connection is free."""
        permit, self._permit = self._permit, None
        if permit is not None:
            self._slots.hosts.answered(permit, answer, first=self.image.attempt == 1)

    def hold(self, size: int) -> None:
        """The image takes this much memory from now on, in bytes."""
        self._slots.window.held_bytes += size - self._bytes
        self._bytes = size

    async def to_store(self) -> None:
        """The picture is on its way to the store, and has left the window.

        Where the store has all that it may have at a time, the image waits in the window: then
        nothing new is fetched.
        """
        await self._slots.store.acquire()
        self._leave_window()
        self._slots.storing += 1
        self._storing_since = time.monotonic()

    def stored(self) -> None:
        """The store has the picture, or does not take it."""
        if self._storing_since is not None:
            began, self._storing_since = self._storing_since, None
            self._slots.storing -= 1
            self._slots.store.release()
            self._slots.stored(time.monotonic() - began)

    def close(self) -> None:
        """Give back what is still taken; any number of times."""
        self.answered(_NO_ANSWER)
        self.stored()
        self._leave_window()
        self.hold(0)

    def _leave_window(self) -> None:
        if self._in_window:
            self._in_window = False
            self._slots.window.running -= 1
            self._slots.of_turn[self.image.request_id] -= 1


class Slots:
    """The limits of one worker process and how much of each is taken.

    Args:
        window: how many images may be on their way to the store.
        hosts: who may be asked.
    """

    def __init__(self, window: Window, hosts: Hosts) -> None:
        self.window = window
        self.hosts = hosts
        # Requests that this process is working on: one turn each, with the whole pipe.
        self.turns: set[str] = set()
        # Images in the window, by request.
        self.of_turn: Counter[str] = Counter()
        self.store = asyncio.Semaphore(STORING_MAX)
        self.storing = 0
        self._store_seconds = 0.0
        self._slow_told_at = -SLOW_TOLD_SECONDS

    @contextmanager
    def turn(self, request_id: str) -> Iterator[bool]:
        """Inside, a turn on this request is taken; False: another one has it."""
        if request_id in self.turns:
            yield False
            return
        self.turns.add(request_id)
        try:
            yield True
        finally:
            self.turns.discard(request_id)
            del self.of_turn[request_id]

    def room(self, request_id: str) -> int:
        """How many more images the turn on this request may start now."""
        return self.window.room(
            request_id, turns=len(self.turns), running_in_turn=self.of_turn[request_id]
        )

    def stored(self, seconds: float) -> None:
        """A picture was stored, or not; a store that is slow for many of them is reported."""
        self._store_seconds += STORE_WEIGHT * (seconds - self._store_seconds)
        moment = time.monotonic()
        is_slow = self._store_seconds > STORE_SLOW_SECONDS
        if is_slow and moment - self._slow_told_at >= SLOW_TOLD_SECONDS:
            self._slow_told_at = moment
            log.warning("store_slow", seconds=round(self._store_seconds, 1), storing=self.storing)

    def take(self, image: ClaimedImage) -> Slot | None:
        """A slot for an image whose host may be asked now; None: not now."""
        permit = self.hosts.take(image.host)
        if permit is None:
            return None
        self.window.running += 1
        self.of_turn[image.request_id] += 1
        return Slot(self, image, permit)
