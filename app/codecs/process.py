"""A codec child as the service sees it: started, listened to, killed, started again."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.codecs import wire
from app.codecs.in_hand import SIZE, InHand
from app.codecs.inbox import NO_TICKET, Inbox, Ticket
from app.codecs.memory_files import shared_memory
from app.confined.sandbox import Layer
from app.confined.start import start_child
from app.domain.errors import DecoderCrashed, DecoderTimeout, ImageError, InternalError

log = structlog.get_logger()

START_SECONDS = 60.0
END_SECONDS = 5.0
# Four bytes a pixel and a header: larger than any format we write.
BYTES_PER_PIXEL, HEADER_BYTES = 4, 1_000_000
# The most of an answer that is buffered here; the rest waits in the child.
READ_BYTES = 1_000_000
CHILD_ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "2",
    # One thread per child: there is one child per core, and each thread reserves memory.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
CHILD = "app.codecs.child"
CRASHED = "The decoder crashed on this picture."


@dataclass(frozen=True)
class CodecLimits:
    """What one picture may use.

    Attributes:
        max_pixels: decoded pixels, all kept frames of an animation together.
        memory_bytes: memory that pictures may add to a fresh child.
        cpu_seconds: processor time for one picture.
        wall_seconds: time from taking it to the answer.
    """

    max_pixels: int
    memory_bytes: int
    cpu_seconds: float
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child answers about a picture; `wire.unpack_header` reads `header`."""

    number: int
    seconds: float
    header: bytes
    data: bytes


class ChildLost(Exception):
    """The child ended, was killed, or cannot be trusted any more."""


class CodecProcess:
    """A codec child that can be started again and again, for one event loop."""

    def __init__(self, limits: CodecLimits, inbox: Inbox) -> None:
        self._limits = limits
        self._inbox = inbox
        self._in_hand_memory = shared_memory(SIZE)
        self._in_hand = InHand(self._in_hand_memory)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._overdue = False
        self._answered = 0
        self.children_started = 0
        # What shuts this child in, as it says itself before its first picture.
        self.layers = Layer(0)
        # Answers of this child.
        self.served = 0
        self.ready = False
        # When the time of its picture is over; None until the watch has seen it at work.
        self.deadline: float | None = None
        # Since when it could have taken another picture.
        self.rested_at = 0.0

    @property
    def number(self) -> int:
        """The picture that the child is working on, or was when it ended, or 0."""
        number = self._in_hand.number
        return 0 if number == self._answered else number

    async def start(self, ticket: Ticket = NO_TICKET) -> None:
        """Start a child that does the ticket's picture, if any, and then those of the inbox.

        Raises:
            InternalError: it does not start.
        """
        ours, theirs = socket.socketpair()
        try:
            self._in_hand.number = self._answered = self.served = 0
            self._overdue, self.deadline = False, None
            with theirs:
                self._inbox.give(ours, ticket)
                self._process = self._spawn(theirs.fileno())
            async with asyncio.timeout(START_SECONDS):
                self._reader, self._writer = await asyncio.open_connection(
                    sock=ours, limit=READ_BYTES
                )
                self.layers = wire.unpack_ready(await self._reader.readexactly(wire.READY_BYTES))
        except (EOFError, OSError, TimeoutError) as error:
            await self.end()
            log.exception("codec_child_did_not_start")
            raise InternalError("The decoder did not start.") from error
        finally:
            if self._writer is None:
                ours.close()
        self.children_started += 1
        self.ready = True
        self.rested_at = asyncio.get_running_loop().time()

    async def answer(self, source_bytes: Callable[[int], int]) -> Answer:
        """The child's next answer.

        Args:
            source_bytes: the size of a picture's file by its number; the answer may be that file.
        Raises:
            ChildLost: there is none.
        """
        assert self._reader is not None  # noqa: S101 - it was started
        try:
            frame = wire.Frame.unpack(await self._reader.readexactly(wire.FRAME_BYTES))
            largest = self._limits.max_pixels * BYTES_PER_PIXEL + HEADER_BYTES
            largest += source_bytes(frame.number)
            if frame.header_bytes > wire.MAX_HEADER_BYTES or frame.data_bytes > largest:
                raise ChildLost
            header = await self._reader.readexactly(frame.header_bytes)
            data = await self._reader.readexactly(frame.data_bytes)
        except (EOFError, OSError) as error:
            raise ChildLost from error
        self._answered = frame.number
        self.served += 1
        self.deadline = None
        self.rested_at = asyncio.get_running_loop().time()
        # The child may say any number, NaN included; this one can be calculated with.
        seconds = min(max(0.0, frame.seconds), self._limits.wall_seconds)
        return Answer(frame.number, seconds, header, data)

    def kill(self, *, overdue: bool = False) -> None:
        """Kill the child in the middle of its work; `answer` then raises `ChildLost`."""
        self._overdue = self._overdue or overdue
        if self._process is not None:
            self._process.kill()

    async def end(self) -> int | None:
        """Kill the child, if any, and wait until it is gone; returns its exit code."""
        process, writer = self._process, self._writer
        self._process = self._reader = self._writer = None
        self.ready = False
        if writer is not None:
            writer.close()
        if process is None:
            return None
        process.kill()
        try:
            return await asyncio.to_thread(process.wait, END_SECONDS)
        except subprocess.TimeoutExpired:
            # The kernel still holds it, in a system call; it ends once that returns.
            log.warning("codec_child_does_not_end", pid=process.pid)
            return None

    async def why_lost(self) -> ImageError:
        """End the child; returns the error for the picture that it had."""
        returncode = await self.end()
        log.warning("codec_child_lost", returncode=returncode, overdue=self._overdue)
        if self._overdue:
            return DecoderTimeout(
                f"Decoding took longer than {self._limits.wall_seconds:g} seconds."
            )
        if returncode == -signal.SIGPROF:
            return DecoderTimeout(
                f"Decoding took more than {self._limits.cpu_seconds:g} seconds of processor time."
            )
        return DecoderCrashed(CRASHED)

    async def close(self) -> None:
        """End the child for good."""
        await self.end()
        self._in_hand.close()
        os.close(self._in_hand_memory)

    def _spawn(self, answers: int) -> subprocess.Popen[bytes]:
        tickets = self._inbox.tickets_reader.fileno()
        return start_child(
            CHILD,
            (
                answers,
                self._in_hand_memory,
                tickets,
                self._limits.max_pixels,
                self._limits.memory_bytes,
                self._limits.cpu_seconds,
            ),
            descriptors=[answers, self._in_hand_memory, tickets],
            environment=CHILD_ENVIRONMENT,
        )
