"""The images of a turn that are under way: one task each, and which of them are done."""

import asyncio
from collections.abc import Callable, Coroutine

from app.db.queue import ClaimedImage, Outcome
from app.worker.slots import Slot

Done = tuple[asyncio.Task[Outcome], Slot]


class InFlight:
    """Starts attempts at images and hands them back as they come to their ends.

    Each task says itself that it is done. `asyncio.wait` would tell all of those that are under way
    to do so, and to forget it, whenever one of them ends: the more wait for slow hosts, the more
    it takes for each.
    """

    def __init__(self) -> None:
        self._slots: dict[asyncio.Task[Outcome], Slot] = {}
        self._done: list[asyncio.Task[Outcome]] = []
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._slots)

    def images(self) -> list[ClaimedImage]:
        """All that were started and not handed back."""
        return [slot.image for slot in self._slots.values()]

    def start(self, attempt: Coroutine[None, None, Outcome], slot: Slot) -> None:
        """Begin an attempt at an image; its slot comes back with the end and is the caller's."""
        task = asyncio.create_task(attempt)
        self._slots[task] = slot
        task.add_done_callback(self._note)

    async def done(self, *, within_seconds: float) -> list[Done]:
        """Those that are done, as soon as there is one; an empty list when the time is over."""
        if not self._done:
            self._wake.clear()
            timer = asyncio.get_running_loop().call_later(within_seconds, self._wake.set)
            try:
                await self._wake.wait()
            finally:
                timer.cancel()
        done, self._done = self._done, []
        return [(task, self._slots.pop(task)) for task in done]

    def cancel(self, which: Callable[[ClaimedImage], bool]) -> None:
        """Stop the attempts at some of the images; they are handed back as cancelled tasks."""
        for task, slot in self._slots.items():
            if which(slot.image):
                task.cancel()

    async def stop(self) -> list[Done]:
        """Stop all attempts and wait for their ends; returns all that were not handed back."""
        self.cancel(lambda _: True)
        if self._slots:
            await asyncio.wait(self._slots)
        done = list(self._slots.items())
        self._slots, self._done = {}, []
        return done

    def _note(self, task: asyncio.Task[Outcome]) -> None:
        self._done.append(task)
        self._wake.set()
