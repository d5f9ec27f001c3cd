"""The size of a TIFF picture, by its first directory.

Source: TIFF 6.0, section 2 and section 8 for the tags; for 64-bit files the BigTIFF design of
Adobe's and libtiff's developers.
"""

from typing import Literal, NamedTuple

from app.domain.errors import CorruptImage, UnsupportedFormat
from app.imaging.files.orientation import LAST, ORIENTATION_TAG, UPRIGHT, upright_size
from app.imaging.files.parts import HeadTooShort

WIDTH_TAG, HEIGHT_TAG, BITS_TAG, SAMPLES_TAG = 256, 257, 258, 277
# Types by their number, and how many bytes they have: SHORT, LONG and BigTIFF's LONG8.
BYTES_OF_TYPE = {3: 2, 4: 4, 16: 8}
DEEP_BITS = 32


class _Layout(NamedTuple):
    """Offsets in the 32-bit or the 64-bit form of the file."""

    start_at: int
    count_bytes: int
    entry_bytes: int
    number_bytes: int


CLASSIC, BIG = _Layout(4, 2, 12, 4), _Layout(8, 8, 20, 8)


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the picture is seen.

    Raises:
        HeadTooShort: the directory comes after what is here.
        CorruptImage: the directory does not say it.
        UnsupportedFormat: 32 bits a channel.
    """
    tags = _first_directory(data)
    width, height = tags.get(WIDTH_TAG), tags.get(HEIGHT_TAG)
    if width is None or height is None:
        raise CorruptImage("The TIFF file is damaged.")
    if tags.get(BITS_TAG) == DEEP_BITS and tags.get(SAMPLES_TAG, 1) == 1:
        raise UnsupportedFormat(
            "The picture has 32 bits a channel. Please use one of 8 or 16 bits."
        )
    turned = tags.get(ORIENTATION_TAG, UPRIGHT)
    return upright_size((width, height), turned if turned <= LAST else UPRIGHT)


def _first_directory(data: bytes) -> dict[int, int]:
    """Those tags that are one whole number, by their own."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"

    def number(position: int, size: int) -> int:
        return int.from_bytes(data[position : position + size], order)

    layout = BIG if 43 in (data[2], data[3]) else CLASSIC
    start = number(layout.start_at, layout.number_bytes)
    first = start + layout.count_bytes
    if first > len(data):
        raise HeadTooShort
    end = first + number(start, layout.count_bytes) * layout.entry_bytes
    if end > len(data):
        raise HeadTooShort
    tags: dict[int, int] = {}
    for entry in range(first, end, layout.entry_bytes):
        kind = number(entry + 2, 2)
        count = number(entry + 4, layout.number_bytes)
        size = BYTES_OF_TYPE.get(kind)
        if size is not None and count == 1:
            tags.setdefault(number(entry, 2), number(entry + 4 + layout.number_bytes, size))
    return tags
