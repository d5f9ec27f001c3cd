"""The codec child: `python -m app.codecs.child ...`, compresses pictures from the inbox.

Everything it needs is imported before it is shut in, and nothing else: no settings, no database, no
network library.
"""

import gc
import os
import signal
import socket
import sys
import time
import warnings
from functools import lru_cache

from app.codecs import wire
from app.codecs.in_hand import InHand
from app.codecs.inbox import InboxReader, Taken, take
from app.confined.limits import limit_resources
from app.confined.sandbox import Layer, shut_in_with_sockets
from app.domain.errors import ImageError
from app.domain.picture_options import PictureOptions
from app.imaging.compress import compress
from app.imaging.files import heic
from app.imaging.rungs import planes


def main(arguments: list[str]) -> None:
    """Compress pictures until the inbox closes; the death of the parent closes it as well.

    Args:
        arguments: descriptors of the socket for answers, of the memory that names the picture in
            hand and of the tickets, then `max_pixels`, `memory_bytes`, `cpu_seconds`.
    """
    # Ctrl-C in a terminal reaches the whole group; the parent decides when children end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    answers, in_hand, tickets = (int(argument) for argument in arguments[:3])
    max_pixels, memory_bytes = (int(argument) for argument in arguments[3:5])
    child = _Child(
        socket.socket(fileno=answers),
        InHand(in_hand),
        InboxReader(socket.socket(fileno=tickets)),
        max_pixels,
        cpu_seconds=float(arguments[5]),
    )
    os.close(in_hand)
    load_everything()
    limit_resources(memory_bytes)
    gc.freeze()
    try:
        child.serve(shut_in_with_sockets())
    except OSError:
        return  # The parent has closed its end or is gone.


def load_everything() -> None:
    """Load what decoders would load at their first picture; later nothing can be opened."""
    heic.load_reader()
    planes.load_library()


class _Child:
    def __init__(
        self,
        answers: socket.socket,
        in_hand: InHand,
        inbox: InboxReader,
        max_pixels: int,
        *,
        cpu_seconds: float,
    ) -> None:
        self._answers = answers
        self._in_hand = in_hand
        self._inbox = inbox
        self._max_pixels = max_pixels
        self._cpu_seconds = cpu_seconds

    def serve(self, layers: Layer) -> None:
        """Say that it is ready, do the picture it was started with, then those of the inbox."""
        self._send([wire.pack_ready(layers)])
        taken = take(self._answers)
        while taken is not None:
            if taken.ticket.number:
                self._serve_one(taken)
            taken = self._inbox.next()

    def _serve_one(self, taken: Taken) -> None:
        # Before it is read: if this picture ends the process, the service knows which one it was.
        self._in_hand.number = taken.ticket.number
        answer = self._answer(taken)
        if answer is not None:
            self._send(answer)
        self._in_hand.number = 0

    def _answer(self, taken: Taken) -> list[bytes] | None:
        began = time.perf_counter()
        file = b""
        try:
            picture = taken.read()
            if picture is None:
                return None
            options, data = picture
            # SIGPROF comes after this much CPU time of the process and, unhandled, ends it even
            # inside of a C function. RLIMIT_CPU would count all pictures together, in whole
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
        return [
            wire.Frame(taken.ticket.number, seconds, len(header), len(file)).pack(),
            header,
            file,
        ]

    def _send(self, parts: list[bytes]) -> None:
        """Send all parts in one call: each call wakes the other side."""
        sent = self._answers.sendmsg(parts)
        if sent < sum(map(len, parts)):
            # Only a signal ends a blocking call early.
            self._answers.sendall(b"".join(parts)[sent:])


@lru_cache(maxsize=16)
def _options(message: bytes) -> PictureOptions:
    return wire.unpack_options(message)


if __name__ == "__main__":
    main(sys.argv[1:])
