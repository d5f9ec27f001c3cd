"""What memory costs: modules that nobody has to walk through, freed heap that is given back."""

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# After less work than this, what is free is not worth the walk through the heap: some milliseconds.
LARGE_PLACES = 10_000

_trim: Callable[[int], int] | None
try:
    _trim = ctypes.CDLL(None).malloc_trim
except (AttributeError, OSError, TypeError):
    # musl, macOS and Windows do not have it.
    _trim = None


@contextmanager
def loading() -> Iterator[None]:
    """Keep what is imported in the block from the garbage collector; it stays until the end anyway.

    Walking through it again and again takes a third of a start's processor time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def give_back(places: int) -> None:
    """Return what is free in the heap, after work on a file of this number of places.

    glibc by itself shortens the heap only at its end, and keeps more there the larger the blocks
    were that it has seen; the parts of an upload make that 10 MB. Lower limits of its own
    (MALLOC_TRIM_THRESHOLD_) hold at all times, and made an ingest take a quarter more CPU time.
    """
    if places >= LARGE_PLACES:
        trim()


def trim() -> None:
    """Return what is free in the heap; takes some milliseconds."""
    if _trim is not None:
        _trim(0)
