"""The pool of codec children: decode and encode outside of the service, within limits.

A crash, a decompression bomb or an endless picture fails one image and no other.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

import structlog

from app.codecs import wire
from app.codecs.inbox import NO_TICKET, Inbox
from app.codecs.jobs import UNGIVEN, Job, Jobs
from app.codecs.process import CRASHED, Answer, ChildLost, CodecLimits, CodecProcess
from app.confined.sandbox import ALL_LAYERS, Layer, is_closed_to_others, names
from app.domain.errors import DecoderCrashed, DecoderOutOfMemory, ImageError, InternalError
from app.domain.picture_options import PictureOptions
from app.domain.retry import CODEC_START
from app.imaging.result import CompressedImage
from app.imaging.rungs.planes import load_library
from app.retrying import keep_trying

__all__ = ["CodecLimits", "CodecPool"]

log = structlog.get_logger()

WATCH_SECONDS = 0.25
# Pictures ready for each child beside the one in hand: enough for the pause of the worker's loop
# (10 ms) at 4 ms for a photo of a megapixel. The maximum is for all children together: one loop
# does not refill more in its pause, and each place is an open file.
AHEAD_PER_CHILD, AHEAD_MAX = 3, 24
# Weight of the newest picture in the moving average of seconds.
NEWEST_SHARE = 0.1
STOPPING = "The service is stopping."


class CodecPool:
    """As many codec children as `processes`, for one event loop.

    Args:
        processes: children; one per core keeps all cores busy.
        limits: what one picture may use.
        observe: called with the seconds that each picture took in its child.
    """

    def __init__(
        self,
        processes: int,
        limits: CodecLimits,
        *,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        self.processes = processes
        self._limits = limits
        self._observe = observe
        self._inbox = Inbox(processes + min(AHEAD_PER_CHILD * processes, AHEAD_MAX))
        self._jobs = Jobs(self._inbox)
        self._children = [CodecProcess(limits, self._inbox) for _ in range(processes)]
        self._tasks: list[asyncio.Task[None]] = []
        self._picture_seconds = 0.0
        self._layers_told = False
        self._closed = False

    @property
    def waiting(self) -> int:
        """Pictures that no child has taken yet."""
        return self._jobs.queued + self._jobs.ready(self._taken())

    @property
    def backlog_seconds(self) -> float:
        """How long the ready pictures will keep all children busy, if they are like the last ones.

        Pictures that children have begun are not counted.
        """
        return self._jobs.ready(self._taken()) * self._picture_seconds / self.processes

    @property
    def idle(self) -> int:
        """Children that wait for a picture."""
        return sum(child.ready and not child.number for child in self._children)

    @property
    def ready(self) -> bool:
        """Whether every child has been started."""
        return all(child.children_started for child in self._children)

    @property
    def replaced(self) -> int:
        """Children that were started because the one before them had ended."""
        return sum(max(child.children_started - 1, 0) for child in self._children)

    @property
    def tasks(self) -> Sequence["asyncio.Task[None]"]:
        """The tasks that run in the loop from `start` to `close`."""
        return tuple(self._tasks)

    @property
    def turbojpeg(self) -> bool:
        """Whether the system has libturbojpeg; without it a JPEG costs a fifth more."""
        return load_library() is not None

    def start(self) -> None:
        """Start the children side by side and return at once; pictures may be given already.

        Called in the event loop in which everything else is called, `close` included.

        Raises:
            RuntimeError: the pool was started or closed before.
        """
        if self._tasks or self._closed:
            raise RuntimeError("a codec pool starts once")
        self._tasks = [asyncio.create_task(self._run(child)) for child in self._children]
        self._tasks.append(asyncio.create_task(self._watch()))

    async def compress(self, data: bytes, options: PictureOptions) -> CompressedImage:
        """Compress one picture in a child; any number of calls may wait.

        A call that is cancelled before a child takes its picture costs nothing; after that the
        picture is finished and the result dropped.

        Raises:
            ImageError: of the picture, among them `DecoderCrashed` (the child died or needed too
                much memory) and `DecoderTimeout`; `InternalError`, which is retryable, where the
                pool closes or a child cannot be started.
        """
        if self._closed:
            raise InternalError(STOPPING)
        if not self._tasks:
            raise RuntimeError("the codec pool has not been started")
        done: asyncio.Future[CompressedImage] = asyncio.get_running_loop().create_future()
        job = Job(data, wire.pack_options(options), done)
        self._jobs.add(job)
        try:
            return await done
        finally:
            if done.cancelled():
                self._jobs.forget(job)

    async def close(self) -> None:
        """Kill all children and fail the pictures that wait; may be called again.

        Pictures under way end as `InternalError`, which is retryable: it was not their fault.
        """
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        # From here on `waiting` and `idle` must not read the children's memory.
        children, self._children = self._children, []
        await asyncio.gather(*(child.close() for child in children))
        self._fail_all(InternalError(STOPPING))
        self._inbox.close()

    async def _run(self, child: CodecProcess) -> None:
        """Keep this child running for as long as the pool is open."""
        # Whatever fails, it goes on: else the child's share of the pictures would wait for ever.
        await keep_trying(
            CODEC_START, lambda: self._serve(child), on=Exception, failed=lambda *_: True
        )

    async def _serve(self, child: CodecProcess) -> NoReturn:
        """Start this child, and the next one when it has ended, until one cannot be started."""
        first: Job | None = None
        while True:
            try:
                await child.start(first.ticket if first and first.ticket else NO_TICKET)
                self._tell_layers(child.layers)
                first = await self._listen(child, first)
            except InternalError as error:
                self._go_without(first, error)
                raise
            except Exception:
                log.exception("codec_process_failed")
                self._go_without(first, InternalError(UNGIVEN))
                raise

    def _tell_layers(self, layers: Layer) -> None:
        """Say once what shuts the children in, as they are all alike, and ourselves up."""
        if self._layers_told:
            return
        self._layers_told = True
        missing = names(ALL_LAYERS & ~layers)
        closed = is_closed_to_others()
        tell = log.info if closed and not missing else log.warning
        tell("sandbox", layers=names(layers), missing=missing, service_closed=closed)

    async def _listen(self, child: CodecProcess, first: Job | None) -> Job | None:
        """Settle the child's answers until it ends; returns the first picture for the next child.

        Args:
            first: the picture that the child was started with; no other child can take it.
        """
        try:
            while True:
                again = self._settle(child, await child.answer(self._jobs.source_bytes))
                if again is not None:
                    await child.end()
                    return again
        except ChildLost:
            pass
        error = await child.why_lost()
        lost = self._jobs.of_number(child.number) or (None if child.served else first)
        if lost is not None:
            self._jobs.finish(lost, error)
        self._jobs.lay_out_again(self._taken())
        return None

    def _settle(self, child: CodecProcess, answer: Answer) -> Job | None:
        """Give an answer to its caller; returns the picture where a fresh child has to try it.

        Raises:
            ChildLost: the child cannot be trusted any more.
        """
        job = self._jobs.of_number(answer.number)
        if job is None:
            return None  # Its caller has gone meanwhile.
        if answer.number in self._taken():
            raise ChildLost  # Another child is working on it.
        outcome: CompressedImage | ImageError
        try:
            outcome = CompressedImage(data=answer.data, **wire.unpack_header(answer.header))
        except wire.ChildOutOfMemory:
            # Earlier pictures may have fragmented the heap; only a fresh child can tell.
            if child.served > 1:
                job.for_fresh_child = True
                job.deadline = job.deadline or (
                    asyncio.get_running_loop().time() - answer.seconds + self._limits.wall_seconds
                )
                return job
            outcome = DecoderOutOfMemory(
                "The picture needs too much memory; a smaller one or JPEG needs less."
            )
        except wire.InvalidChildReply as error:
            self._jobs.finish(job, DecoderCrashed(CRASHED))
            raise ChildLost from error
        except ImageError as error:
            outcome = error
        self._picture_seconds += NEWEST_SHARE * (answer.seconds - self._picture_seconds)
        if self._observe is not None:
            self._observe(answer.seconds)
        self._jobs.finish(job, outcome)
        return None

    def _go_without(self, first: Job | None, error: InternalError) -> None:
        """A child is missing: others take what waits; if there are none, everything fails."""
        if first is not None:
            self._jobs.finish(first, error)
        if not any(child.ready for child in self._children):
            self._fail_all(error)

    def _fail_all(self, error: InternalError) -> None:
        while (job := self._jobs.oldest()) is not None:
            self._jobs.finish(job, error)

    def _taken(self) -> list[int]:
        return [child.number for child in self._children]

    async def _watch(self) -> None:
        """Kill children that are late with a picture or with sending its answer."""
        pause = min(WATCH_SECONDS, self._limits.wall_seconds / 4)
        while True:
            await asyncio.sleep(pause)
            now = asyncio.get_running_loop().time()
            try:
                for child in self._children:
                    if child.ready:
                        self._look_at(child, now)
            except Exception:
                # After one surprise, late pictures must still be ended.
                log.exception("codec_watch_failed")

    def _look_at(self, child: CodecProcess, now: float) -> None:
        long_ago = now - self._limits.wall_seconds
        if child.number:
            if child.deadline is None:
                job = self._jobs.of_number(child.number)
                # A second try in a fresh child gets what is left of the picture's time.
                child.deadline = (job.deadline if job else None) or now + self._limits.wall_seconds
            elif now >= child.deadline:
                child.kill(overdue=True)
        elif child.rested_at < long_ago and self._jobs.lie_since(long_ago, self._taken()):
            # It is alive and does not take what has been ready all the time.
            child.kill()
