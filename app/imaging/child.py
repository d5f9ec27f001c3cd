"""The codec child: `python -m app.imaging.child FD`, one picture after the other from a pipe.

Everything it needs is imported before the limits are set, and nothing else: no settings, no
database, no network library.
"""

import gc
import resource
import signal
import sys
import warnings
from functools import lru_cache
from pathlib import Path

from app.domain.errors import ImageError
from app.domain.options import ProcessingOptions
from app.imaging import heic_file, planes, wire
from app.imaging.channel import Channel
from app.imaging.compress import compress
from app.imaging.result import CompressedImage

# The pipe, /dev/null three times, and a module that is imported late.
OPEN_FILES = 16
STATM = Path("/proc/self/statm")


def main(arguments: list[str]) -> None:
    """Serve pictures until the pipe closes; the parent's death closes it, too.

    Args:
        arguments: file descriptor of the pipe, `max_pixels`, `memory_bytes`, `cpu_seconds`.
    """
    # Ctrl-C in a terminal reaches the whole group; the parent decides when children end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    descriptor, max_pixels, memory_bytes = (int(argument) for argument in arguments[:3])
    cpu_seconds = float(arguments[3])
    pipe = Channel.of_descriptor(descriptor)
    heic_file.load_reader()
    planes.load_library()
    _limit_resources(memory_bytes)
    gc.freeze()
    pipe.send(wire.READY)
    try:
        while True:
            options = _options(pipe.receive(wire.MAX_HEADER_BYTES))
            _serve_one(pipe, options, max_pixels, cpu_seconds)
    except (EOFError, OSError):
        return  # The parent has closed the pipe or is gone.


def _serve_one(
    pipe: Channel, options: ProcessingOptions, max_pixels: int, cpu_seconds: float
) -> None:
    try:
        data = pipe.receive()
        # SIGPROF comes after so many seconds of CPU time of this process and, unhandled, ends it
        # even inside of a C function. RLIMIT_CPU would count all pictures together, in whole
        # seconds.
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer: CompressedImage | bytes = compress(data, options, max_pixels=max_pixels)
    except ImageError as error:
        answer = wire.pack_error(error.code, error.message)
    except MemoryError:
        answer = wire.pack_error(wire.MEMORY_CODE, "")
    except Exception as error:
        answer = wire.pack_error("internal", f"The picture met a bug ({type(error).__name__}).")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if isinstance(answer, bytes):
        pipe.send(answer)
    else:
        pipe.send(wire.pack_header(answer), answer.data)


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
