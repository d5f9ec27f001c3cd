"""One codec child and the thread that waits for it."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.domain.errors import (
    DecoderCrashed,
    DecoderOutOfMemory,
    DecoderTimeout,
    ImageError,
    InternalError,
)
from app.domain.options import ProcessingOptions
from app.imaging import wire
from app.imaging.channel import Channel
from app.imaging.result import CompressedImage

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
END_SECONDS = 5.0
# Four bytes a pixel and a header: larger than any format we write.
BYTES_PER_PIXEL, HEADER_BYTES = 4, 1_000_000
# What a child needs of our environment; keys and passwords stay here.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
CHILD_ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "2",
    # One thread per child: there is one child per core, and each thread reserves memory.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class CodecLimits:
    """What one picture may take.

    Attributes:
        max_pixels: decoded pixels, all kept frames of an animation together.
        memory_bytes: memory that pictures may add to a fresh child.
        cpu_seconds: processor time for one picture.
        wall_seconds: time from handing a picture over to having the answer.
    """

    max_pixels: int
    memory_bytes: int
    cpu_seconds: float
    wall_seconds: float


class _ChildLost(Exception):
    """The child ended or was ended; `before_decoding` means that it never had the whole picture."""

    def __init__(self, *, before_decoding: bool = False) -> None:
        super().__init__()
        self.before_decoding = before_decoding


class Lane:
    """A codec child that is replaced whenever it ends, used by one thread at a time.

    It is a plain subprocess at the end of a pair of sockets. The spawn method of
    `multiprocessing` would import the parent's main module into every child, hand over its whole
    environment with all keys, keep one more process beside them, and not work at all inside of the
    daemonic workers of task queues.
    """

    def __init__(self, limits: CodecLimits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Channel | None = None
        self._served = 0
        self.children_started = 0
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._overdue = False
        self._closed = False

    def compress(self, data: bytes, options: ProcessingOptions) -> CompressedImage:
        """Have one picture compressed by the child.

        Raises:
            ImageError: of the picture; `DecoderCrashed` and `DecoderTimeout` where the child ended,
                `InternalError` where there is none or the pool closes.
        """
        message = wire.pack_options(options)
        deadline: float | None = None
        while True:
            self.ensure_child()
            # A second try in a fresh child gets what is left of the picture's time.
            deadline = deadline or time.monotonic() + self._limits.wall_seconds
            fresh = self._served == 0
            try:
                try:
                    return self._exchange(message, data, deadline)
                finally:
                    self._stop_clock()
            except _ChildLost as lost:
                error = self._why_lost()
                if not lost.before_decoding or self._closed or fresh:
                    raise error from lost
            except wire.ChildOutOfMemory as out:
                # Earlier pictures may have left the heap in pieces; only a fresh child's word
                # counts.
                self.end_child()
                if fresh:
                    raise DecoderOutOfMemory(
                        "The picture needs too much memory; a smaller one or JPEG needs less."
                    ) from out

    def ensure_child(self) -> None:
        """Start a child unless one is there and alive.

        Raises:
            InternalError: it does not start, or the pool closes.
        """
        # A child that was killed just after its answer may look alive for a moment.
        if self._process is not None and not self._overdue and self._process.poll() is None:
            return
        self.end_child()
        ours, theirs = Channel.pair()
        with self._lock:
            if self._closed:
                ours.close()
                theirs.close()
                raise InternalError("The service is stopping.")
            self._process = _start(theirs, self._limits)
            self.children_started += 1
            self._pipe = ours
            self._served = 0
            self._deadline, self._overdue = time.monotonic() + START_SECONDS, False
        theirs.close()
        try:
            ours.receive(len(wire.READY))
        except (EOFError, OSError) as error:
            self.end_child()
            log.exception("codec_child_did_not_start")
            raise InternalError("The decoder did not start.") from error
        finally:
            self._stop_clock()

    def end_if_overdue(self, now: float) -> None:
        """Kill the child when it has had its time; called by the pool's watch."""
        with self._lock:
            if self._deadline is not None and now >= self._deadline and self._process is not None:
                self._overdue = True
                self._process.kill()

    def end_child(self) -> None:
        """Kill the child, if any, and wait until it is gone."""
        with self._lock:
            process, pipe = self._process, self._pipe
            self._process = self._pipe = self._deadline = None
        if process is not None:
            process.kill()
            process.wait(END_SECONDS)
        if pipe is not None:
            pipe.close()

    def close(self) -> None:
        """Kill the child in the middle of its work and never start another one."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _stop_clock(self) -> None:
        """From here on the watch lets the child live."""
        with self._lock:
            self._deadline = None

    def _exchange(self, message: bytes, data: bytes, deadline: float) -> CompressedImage:
        pipe = self._pipe
        if pipe is None:
            raise _ChildLost
        largest = self._limits.max_pixels * BYTES_PER_PIXEL + HEADER_BYTES + len(data)
        with self._lock:
            self._deadline = deadline
        self._served += 1
        try:
            pipe.send(message, data)
        except OSError as error:
            raise _ChildLost(before_decoding=True) from error
        try:
            fields = wire.unpack_header(pipe.receive(wire.MAX_HEADER_BYTES))
            return CompressedImage(data=pipe.receive(largest), **fields)
        except ConnectionResetError as error:
            # The child ended with a part of the picture unread; otherwise this were an EOFError.
            raise _ChildLost(before_decoding=True) from error
        except (EOFError, OSError, wire.ChildTalksNonsense) as error:
            raise _ChildLost from error

    def _why_lost(self) -> ImageError:
        process = self._process
        self.end_child()
        log.warning(
            "codec_child_lost",
            returncode=process.returncode if process else None,
            overdue=self._overdue,
            closing=self._closed,
        )
        if self._closed:
            return InternalError("The service is stopping.")
        if self._overdue:
            return DecoderTimeout(
                f"Decoding took longer than {self._limits.wall_seconds:g} seconds."
            )
        if process is not None and process.returncode == -signal.SIGPROF:
            return DecoderTimeout(
                f"Decoding took more than {self._limits.cpu_seconds:g} seconds of processor time."
            )
        return DecoderCrashed("The decoder crashed on this picture.")


def _start(pipe: Channel, limits: CodecLimits) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= CHILD_ENVIRONMENT
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        [
            sys.executable,
            "-P",
            "-m",
            "app.imaging.child",
            str(pipe.fileno()),
            str(limits.max_pixels),
            str(limits.memory_bytes),
            str(limits.cpu_seconds),
        ],
        env=environment,
        pass_fds=[pipe.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # Decoders print what the file tells them to; that has no place in our log.
        stderr=subprocess.DEVNULL,
    )
