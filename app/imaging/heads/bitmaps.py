"""The size of a BMP, and of the largest picture in an icon.

Source: Microsoft, "Bitmap Header Types"; for icons, "The format of icon resources" (ICONDIR).
"""

from app.domain.errors import CorruptImage
from app.imaging.files import png
from app.imaging.files.parts import HeadTooShort
from app.imaging.files.sniff import CORE_HEADER_BYTES, LATER_HEADER_BYTES

FILE_HEADER_BYTES = 14
ENTRIES_AT, ENTRY_BYTES = 6, 16
PNG_SIZE_AT = 16

Size = tuple[int, int]


def bmp_size(data: bytes) -> Size:
    """Width and height.

    Raises:
        CorruptImage: a header of no known kind.
        HeadTooShort: the header is not here.
    """
    return _bitmap_size(data, FILE_HEADER_BYTES)


def ico_size(data: bytes) -> Size:
    """Width and height of the largest picture in an icon, which is the one that is taken.

    Raises:
        CorruptImage: that picture has a header of no known kind.
        HeadTooShort: that picture comes after what is here.
    """
    count = int.from_bytes(data[4:6], "little")
    end = ENTRIES_AT + count * ENTRY_BYTES
    if end > len(data):
        raise HeadTooShort
    entries = [data[at : at + ENTRY_BYTES] for at in range(ENTRIES_AT, end, ENTRY_BYTES)]
    # 0 means 256; of equally large ones the first with the fewest colours, as Pillow chooses.
    largest = max(
        entries, key=lambda entry: ((entry[0] or 256) * (entry[1] or 256), -_depth(entry))
    )
    start = int.from_bytes(largest[12:16], "little")
    if data.startswith(png.SIGNATURE, start):
        if len(data) < start + PNG_SIZE_AT + 8:
            raise HeadTooShort
        return (
            int.from_bytes(data[start + PNG_SIZE_AT : start + PNG_SIZE_AT + 4], "big"),
            int.from_bytes(data[start + PNG_SIZE_AT + 4 : start + PNG_SIZE_AT + 8], "big"),
        )
    width, height = _bitmap_size(data, start)
    # The bitmap's mask of clear pixels is below it and counts in its height.
    return width, height // 2


def _bitmap_size(data: bytes, start: int) -> Size:
    if len(data) < start + CORE_HEADER_BYTES:
        raise HeadTooShort
    header_bytes = int.from_bytes(data[start : start + 4], "little")
    sides = data[start + 4 : start + 12]
    if header_bytes == CORE_HEADER_BYTES:
        return int.from_bytes(sides[:2], "little"), int.from_bytes(sides[2:4], "little")
    if header_bytes not in LATER_HEADER_BYTES:
        raise CorruptImage("The BMP file is damaged.")
    height = int.from_bytes(sides[4:], "little", signed=True)
    return int.from_bytes(sides[:4], "little"), abs(height)


def _depth(entry: bytes) -> int:
    """Bits a pixel, or the value to rank by where an icon does not say."""
    bits = int.from_bytes(entry[6:8], "little")
    if bits:
        return bits
    return (entry[2] - 1).bit_length() if entry[2] else 256
