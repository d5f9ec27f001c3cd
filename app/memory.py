"""Freed memory that the C library keeps for later, given back to the system."""

import ctypes
from collections.abc import Callable

# After less work than this, what is free is not worth the walk through the heap: some milliseconds.
LARGE_PLACES = 10_000

_trim: Callable[[int], int] | None
try:
    _trim = ctypes.CDLL(None).malloc_trim
except (AttributeError, OSError, TypeError):
    # musl, macOS and Windows do not have it.
    _trim = None


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
