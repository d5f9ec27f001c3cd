"""Which way up a picture is, as EXIF says; browsers ignore XMP, which may also say it."""

import struct

from app.imaging.files.limits import MAX_EXIF_BYTES

ORIENTATION_TAG = 0x0112
UPRIGHT = 1
# Orientations 5 to 8 swap width and height.
FIRST_SIDEWAYS = 5
LAST = 8
EXIF_SHORT, EXIF_LONG = 3, 4


def from_exif(block: bytes) -> int | None:
    """The orientation, 1 to 8, in an EXIF block, or None where it says nothing usable.

    Only the first directory is walked, by hand: it is the one that carries the tag, and a broken
    block must not fail a good picture. Source: Exif 2.32, 4.5.4; TIFF 6.0, section 2.
    """
    block = block[:MAX_EXIF_BYTES].removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 10:
        return None
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return None
    (entries,) = struct.unpack_from(order + "H", block, start)
    last = min(start + 2 + 12 * entries, len(block) - 11)
    for position in range(start + 2, last, 12):
        tag, kind = struct.unpack_from(order + "HH", block, position)
        if tag == ORIENTATION_TAG:
            width = {EXIF_SHORT: "H", EXIF_LONG: "I"}.get(kind)
            if width is None:
                return None
            (value,) = struct.unpack_from(order + width, block, position + 8)
            return value if UPRIGHT <= value <= LAST else None
    return None


def of(exif: bytes | None) -> int:
    """The orientation of a file with this EXIF block: upright where it says nothing usable."""
    return (from_exif(exif) if exif else None) or UPRIGHT


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height of the upright picture."""
    return (size[1], size[0]) if orientation >= FIRST_SIDEWAYS else size
