"""Pictures on their way to a codec child: those that wait, and those in the inbox."""

import asyncio
import itertools
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.codecs.inbox import Inbox, Ticket
from app.domain.errors import ImageError, InternalError
from app.imaging.result import CompressedImage

log = structlog.get_logger()

# With this many bytes of pictures in the inbox, no further one is written into it.
LAID_OUT_BYTES_MAX = 32_000_000
UNGIVEN = "The picture could not be given to a decoder."


@dataclass(slots=True, eq=False)
class Job:
    """A picture; it has a ticket while it is in the inbox or in the hands of a child.

    Attributes:
        data: the file.
        options: as `wire.pack_options` packs them.
        done: gets the result, or an `ImageError`.
        laid_out_at: when it got its place, on the loop's clock.
        deadline: when its time is over, if a child has begun it before.
        for_fresh_child: only a child that is about to start may take it.
    """

    data: bytes
    options: bytes
    done: "asyncio.Future[CompressedImage]"
    ticket: Ticket | None = None
    laid_out_at: float = 0.0
    deadline: float | None = None
    for_fresh_child: bool = False


class Jobs:
    """All pictures of a pool, for one event loop."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._queue: deque[Job] = deque()
        self._laid_out: dict[int, Job] = {}
        self._laid_out_bytes = 0
        self._numbers = itertools.count(1)

    @property
    def queued(self) -> int:
        """How many wait for a place in the inbox."""
        return len(self._queue)

    def ready(self, taken: Collection[int]) -> int:
        """How many are in the inbox and not taken by a child.

        Args:
            taken: the numbers that the children are working on.
        """
        return len(self._laid_out) - sum(number in self._laid_out for number in taken)

    def of_number(self, number: int) -> Job | None:
        """The picture of this number; None where it has ended or its caller has gone."""
        return self._laid_out.get(number)

    def source_bytes(self, number: int) -> int:
        """How large the file of this number is; 0 where nobody waits for it any more."""
        job = self._laid_out.get(number)
        return len(job.data) if job is not None else 0

    def oldest(self) -> Job | None:
        """The oldest in the inbox, else the oldest that waits; None where there is none."""
        return next(iter(self._laid_out.values()), self._queue[0] if self._queue else None)

    def lie_since(self, moment: float, taken: Collection[int]) -> bool:
        """Whether a picture that any child could take has been in the inbox since then."""
        return any(job.laid_out_at < moment for _, job in self._for_any_child(taken))

    def add(self, job: Job) -> None:
        """Accept a new picture."""
        self._queue.append(job)
        self._lay_out()

    def finish(self, job: Job, outcome: CompressedImage | ImageError) -> None:
        """Tell the caller, and free the place for the next picture."""
        self.forget(job)
        if job.done.done():
            return
        if isinstance(outcome, ImageError):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome)

    def forget(self, job: Job) -> None:
        """Free the place for the next picture; a result that still comes is dropped."""
        if job.ticket is None:
            with suppress(ValueError):
                self._queue.remove(job)
        elif self._laid_out.pop(job.ticket.number, None) is not None:
            self._inbox.remove(job.ticket)
            self._laid_out_bytes -= len(job.data)
            self._lay_out()

    def lay_out_again(self, taken: Collection[int]) -> None:
        """Send all pictures that no child is known to have taken again, under new numbers.

        A child may have died after it took a ticket and before it wrote down the number. If a
        child that is alive is at that point, the picture is done twice; the answer under the old
        number is dropped.
        """
        jobs = [job for _, job in self._for_any_child(taken)]
        for job in jobs:
            assert job.ticket is not None  # noqa: S101 - it is in the inbox
            # Other pictures wait for a place; this one keeps its own.
            del self._laid_out[job.ticket.number]
            self._inbox.remove(job.ticket)
            self._laid_out_bytes -= len(job.data)
            self._put(job)
        self._lay_out()

    def _for_any_child(self, taken: Collection[int]) -> list[tuple[int, Job]]:
        return [
            (number, job)
            for number, job in self._laid_out.items()
            if number not in taken and not job.for_fresh_child
        ]

    def _lay_out(self) -> None:
        """Move pictures that wait into the inbox, while there is room."""
        while self._queue and self._inbox.has_room and self._laid_out_bytes < LAID_OUT_BYTES_MAX:
            job = self._queue.popleft()
            job.laid_out_at = asyncio.get_running_loop().time()
            self._put(job)

    def _put(self, job: Job) -> None:
        job.ticket = None
        try:
            job.ticket = self._inbox.put(next(self._numbers), job.options, job.data)
        except OSError:
            log.exception("picture_not_given_to_codec")
            self.finish(job, InternalError(UNGIVEN))
            return
        self._laid_out[job.ticket.number] = job
        self._laid_out_bytes += len(job.data)
