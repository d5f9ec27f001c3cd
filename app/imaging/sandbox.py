"""The pool of codec children: decode and encode away from the service, within limits.

A crash, a bomb or an endless picture is one failed image; its neighbours never notice.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.domain.errors import ImageError, InternalError
from app.domain.options import ProcessingOptions
from app.imaging.lane import CodecLimits, Lane
from app.imaging.planes import load_library
from app.imaging.result import CompressedImage

__all__ = ["CodecLimits", "CodecPool"]

log = structlog.get_logger()

WATCH_SECONDS = 0.25
JOIN_SECONDS = 10.0
# How much of what a picture takes is taken over from the newest one.
NEWEST_SHARE = 0.1
STOPPING = "The service is stopping."


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    data: bytes
    options: ProcessingOptions
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[CompressedImage]"


class CodecPool:
    """As many codec children as `processes`, each behind a pipe and one waiting thread.

    Args:
        processes: children; one per core keeps all cores busy.
        limits: what one picture may take.
        observe: told the seconds that each picture took in its child, from the lanes' threads.
    """

    def __init__(
        self,
        processes: int,
        limits: CodecLimits,
        *,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        self._limits = limits
        self._observe = observe
        self._lanes = [Lane(limits) for _ in range(processes)]
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._idle = 0
        self._picture_seconds = 0.0
        self._closing = threading.Event()
        self._started = [threading.Event() for _ in self._lanes]

    @property
    def processes(self) -> int:
        """How many children there are."""
        return len(self._lanes)

    @property
    def waiting(self) -> int:
        """Pictures that no child has taken yet."""
        return self._jobs.qsize()

    @property
    def backlog_seconds(self) -> float:
        """How long the pictures that wait will keep all children busy, if they are like the last.

        What the children have begun comes on top.
        """
        return self.waiting * self._picture_seconds / self.processes

    @property
    def idle(self) -> int:
        """Children that wait for a picture."""
        return self._idle

    @property
    def replaced(self) -> int:
        """Children that were started because the one before them had ended."""
        return sum(max(lane.children_started - 1, 0) for lane in self._lanes)

    @property
    def turbojpeg(self) -> bool:
        """Whether the system has the library without which a JPEG costs a fifth more."""
        return load_library() is not None

    def start(self) -> None:
        """Start the children side by side and return at once; pictures may be given already.

        Raises:
            RuntimeError: the pool was started or closed before.
        """
        with self._lock:
            if self._threads or self._closing.is_set():
                raise RuntimeError("a codec pool starts once")
            self._threads = [
                threading.Thread(target=self._run, args=(index,), name=f"codec-{index}")
                for index in range(len(self._lanes))
            ]
            self._threads.append(threading.Thread(target=self._watch, name="codec-watch"))
            for thread in self._threads:
                # A process that ends without close() must not hang; its children see the pipe end.
                thread.daemon = True
                thread.start()

    def ready(self, timeout_seconds: float = 0.0) -> bool:
        """Whether every child has been started, waiting for it up to `timeout_seconds`."""
        deadline = time.monotonic() + timeout_seconds
        return all(started.wait(max(0.0, deadline - time.monotonic())) for started in self._started)

    async def compress(self, data: bytes, options: ProcessingOptions) -> CompressedImage:
        """Compress one picture in a child; any number of calls may wait, in any event loop.

        A call that is cancelled before a child takes its picture costs nothing; after that the
        picture is finished and the result dropped.

        Raises:
            ImageError: of the picture, among them `DecoderCrashed` (the child died or needed too
                much memory) and `DecoderTimeout`; `InternalError`, which is retryable, where the
                pool closes or a child cannot be started.
        """
        if not self._threads:
            raise RuntimeError("the codec pool has not been started")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[CompressedImage] = loop.create_future()
        with self._lock:  # close() must not miss a job that comes in beside it.
            if self._closing.is_set():
                raise InternalError(STOPPING)
            self._jobs.put(_Job(data, options, loop, future))
        return await future

    def close(self) -> None:
        """End all children, whatever they do, and fail what waits; may be called again.

        Pictures under way end as `InternalError`, which is retryable: it was not their fault.
        """
        with self._lock:
            self._closing.set()
            for lane in self._lanes:
                lane.close()
            for _ in self._lanes:
                self._jobs.put(None)
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        for lane in self._lanes:
            lane.end_child()
        with suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    _hand_over(job, InternalError(STOPPING))

    def _run(self, index: int) -> None:
        lane = self._lanes[index]
        with suppress(InternalError):  # The first picture meets it again, and fails with it.
            lane.ensure_child()
            self._started[index].set()
        while not self._closing.is_set():
            self._count_idle(1)
            job = self._jobs.get()
            self._count_idle(-1)
            if job is None:
                break
            if not job.future.cancelled():
                began = time.perf_counter()
                outcome = _outcome(lane, job)
                took = time.perf_counter() - began
                # The lanes may overwrite each other's share here, which harms no estimate.
                self._picture_seconds += NEWEST_SHARE * (took - self._picture_seconds)
                if self._observe is not None:
                    self._observe(took)
                _hand_over(job, outcome)
                self._started[index].set()
        lane.end_child()

    def _count_idle(self, change: int) -> None:
        with self._lock:
            self._idle += change

    def _watch(self) -> None:
        """Kill what is late. A time-out on the pipe would not do: a child may stop in the middle
        of reading its picture or of sending its answer."""
        pause = min(WATCH_SECONDS, self._limits.wall_seconds / 4)
        while not self._closing.wait(pause):
            now = time.monotonic()
            for lane in self._lanes:
                lane.end_if_overdue(now)


def _outcome(lane: Lane, job: _Job) -> CompressedImage | ImageError:
    try:
        return lane.compress(job.data, job.options)
    except ImageError as error:
        return error
    except Exception:
        # A lane's thread must outlive every surprise, or its share of the pictures waits for ever.
        log.exception("codec_lane_failed")
        return InternalError("The picture could not be given to a decoder.")


def _hand_over(job: _Job, outcome: CompressedImage | ImageError) -> None:
    """Give the result to the caller's event loop, which may be gone by now."""
    with suppress(RuntimeError):
        job.loop.call_soon_threadsafe(_settle, job.future, outcome)


def _settle(
    future: "asyncio.Future[CompressedImage]", outcome: CompressedImage | ImageError
) -> None:
    if future.cancelled():
        return
    if isinstance(outcome, ImageError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
