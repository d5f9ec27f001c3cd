"""The codec child: `python -m app.imaging.child ...`, one picture after the other from the inbox.

Everything it needs is imported before the limits are set, and nothing else: no settings, no
database, no network library.
"""

import gc
import resource
import signal
import socket
import sys
import time
import warnings
from functools import lru_cache
from pathlib import Path

from app.domain.errors import ImageError
from app.domain.options import ProcessingOptions
from app.imaging import heic_file, planes, wire
from app.imaging.board import Board
from app.imaging.compress import compress
from app.imaging.inbox import TICKET_BYTES, InboxReader, Ticket

# The descriptors that it inherits are open already; it opens a module that is imported late.
OPEN_FILES = 16
STATM = Path("/proc/self/statm")


def main(arguments: list[str]) -> None:
    """Serve pictures until the inbox closes; the parent's death closes it, too.

    Args:
        arguments: descriptors of the answers' socket, the board, the tickets and the places (with
            commas between them), then `max_pixels`, `memory_bytes`, `cpu_seconds`.
    """
    # Ctrl-C in a terminal reaches the whole group; the parent decides when children end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    answers, board, tickets = (int(argument) for argument in arguments[:3])
    places = [int(place) for place in arguments[3].split(",")]
    max_pixels, memory_bytes = (int(argument) for argument in arguments[4:6])
    child = _Child(
        socket.socket(fileno=answers),
        Board(board),
        InboxReader(tickets, places),
        max_pixels,
        cpu_seconds=float(arguments[6]),
    )
    heic_file.load_reader()
    planes.load_library()
    _limit_resources(memory_bytes)
    gc.freeze()
    try:
        child.serve()
    except OSError:
        return  # The parent has closed its end or is gone.


class _Child:
    def __init__(
        self,
        answers: socket.socket,
        board: Board,
        inbox: InboxReader,
        max_pixels: int,
        *,
        cpu_seconds: float,
    ) -> None:
        self._answers = answers
        self._board = board
        self._inbox = inbox
        self._max_pixels = max_pixels
        self._cpu_seconds = cpu_seconds

    def serve(self) -> None:
        """Say that it is ready, take the picture that it was started for, then whatever comes."""
        self._send([wire.READY])
        message = self._answers.recv(TICKET_BYTES, socket.MSG_WAITALL)
        ticket = Ticket.unpack(message) if message else None
        while ticket is not None:
            if ticket.number:
                self._serve_one(ticket)
            ticket = self._inbox.next()

    def _serve_one(self, ticket: Ticket) -> None:
        # Before the first look at it: should this picture be the end of us, it is known which.
        self._board.number = ticket.number
        answer = self._answer(ticket)
        if answer is not None:
            self._send(answer)
        self._board.number = 0

    def _answer(self, ticket: Ticket) -> list[bytes] | None:
        began = time.perf_counter()
        file = b""
        try:
            picture = self._inbox.read(ticket)
            if picture is None:
                return None
            options, data = picture
            # SIGPROF comes after so many seconds of CPU time of this process and, unhandled, ends
            # it even inside of a C function. RLIMIT_CPU would count all pictures together, in whole
            # seconds.
            signal.setitimer(signal.ITIMER_PROF, self._cpu_seconds)
            image = compress(data, _options(options), max_pixels=self._max_pixels)
            header, file = wire.pack_header(image), image.data
        except ImageError as error:
            header = wire.pack_error(error.code, error.message)
        except MemoryError:
            header = wire.pack_error(wire.MEMORY_CODE, "")
        except Exception as error:
            header = wire.pack_error("internal", f"The picture met a bug ({type(error).__name__}).")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.perf_counter() - began
        return [wire.Frame(ticket.number, seconds, len(header), len(file)).pack(), header, file]

    def _send(self, parts: list[bytes]) -> None:
        """All parts in one call: each one wakes the other side."""
        sent = self._answers.sendmsg(parts)
        if sent < sum(map(len, parts)):
            # Only a signal ends a blocking call so early.
            self._answers.sendall(b"".join(parts)[sent:])


@lru_cache(maxsize=16)
def _options(message: bytes) -> ProcessingOptions:
    return wire.unpack_options(message)


def _limit_resources(memory_bytes: int) -> None:
    """Bound what a hostile picture can take: memory, files, disk, core dumps."""
    if STATM.exists():
        # Address space that the libraries reserve differs between systems, so the limit is what
        # pictures may add to it.
        pages = int(STATM.read_text(encoding="ascii").split()[0])
        memory_bytes += pages * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (bounded, bounded))


if __name__ == "__main__":
    main(sys.argv[1:])
