"""JPEG of halved colour to its three planes and back, without RGB in between.

Colour stays as the file stores it. It is not converted, upsampled and halved again, which saves a
fifth of the work and a generation of blur. simplejpeg encodes planes but does not decode to them,
so TurboJPEG's C interface does, where the system has it (docs/decisions/0009).

Source: libjpeg-turbo's turbojpeg.h, the functions of version 2, which version 3 keeps.
"""

import ctypes
import sys
from functools import cache

import numpy as np
import simplejpeg

LIBRARY = "libturbojpeg.dylib" if sys.platform == "darwin" else "libturbojpeg.so.0"
# Colour of half the width and half the height, as simplejpeg and as TurboJPEG name it.
HALVED, TJSAMP_420 = "420", 2
TJCS_YCBCR = 1
TJFLAG_STOPONWARNING = 8192
# From a single column or row simplejpeg cannot tell the sampling of the planes.
SMALLEST_SIDE = 2

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]


def decode_planes(data: bytes, size: tuple[int, int]) -> Planes | None:
    """The planes Y, Cb and Cr of a JPEG of halved colour, uint8 of (height, width) and its half.

    None for another sampling, colour space or size, for a file that libjpeg warns of, and where the
    system lacks the library.

    Args:
        data: the file.
        size: width and height that its header was checked with.
    """
    library = load_library()
    if library is None or min(size) < SMALLEST_SIDE:
        return None
    handle = library.tjInitDecompress()
    if handle is None:
        return None
    try:
        if _header(library, handle, data) != (*size, TJSAMP_420, TJCS_YCBCR):
            return None
        width, height = size
        # TurboJPEG writes an odd size with one more column or row, so that colour is just half.
        across, down = (width + 1) // 2, (height + 1) // 2
        y = np.empty((2 * down, 2 * across), np.uint8)
        cb, cr = np.empty((2, down, across), np.uint8)
        places = (ctypes.c_void_p * 3)(*(plane.ctypes.data for plane in (y, cb, cr)))
        failed = library.tjDecompressToYUVPlanes(
            handle, data, len(data), places, width, None, height, TJFLAG_STOPONWARNING
        )
        return None if failed else (y[:height, :width], cb, cr)
    finally:
        library.tjDestroy(handle)


def encode_planes(planes: Planes, quality: int) -> bytes:
    """A JPEG file of the planes, with halved colour."""
    file: bytes = simplejpeg.encode_jpeg_yuv_planes(*planes, quality, fastdct=False)
    return file


@cache
def load_library() -> ctypes.CDLL | None:
    """TurboJPEG, or None where the system lacks it; loaded once."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    handle, number = ctypes.c_void_p, ctypes.c_int
    numbers = ctypes.POINTER(number)
    file = (handle, ctypes.c_char_p, ctypes.c_ulong)
    for function, result, arguments in (
        (library.tjInitDecompress, handle, ()),
        (library.tjDestroy, number, (handle,)),
        (library.tjDecompressHeader3, number, (*file, numbers, numbers, numbers, numbers)),
        (
            library.tjDecompressToYUVPlanes,
            number,
            (*file, ctypes.POINTER(ctypes.c_void_p), number, numbers, number, number),
        ),
    ):
        function.restype, function.argtypes = result, arguments
    return library


def _header(library: ctypes.CDLL, handle: int, data: bytes) -> tuple[int, ...] | None:
    """Width, height, sampling and colour space."""
    found = [ctypes.c_int() for _ in range(4)]
    failed = library.tjDecompressHeader3(handle, data, len(data), *map(ctypes.byref, found))
    return None if failed else tuple(value.value for value in found)
