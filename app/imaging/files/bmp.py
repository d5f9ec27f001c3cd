"""BMP files whose headers are right but rare, rewritten to what Pillow takes.

Source: Microsoft, "Bitmap Header Types": BITMAPINFOHEADER, BITMAPV3INFOHEADER and its masks.
"""

import struct
from typing import NamedTuple

import numpy as np

from app.domain.errors import CorruptImage
from app.imaging.files.limits import check_pixels

FILE_HEADER_BYTES, INFO_HEADER_BYTES, MASKED_HEADER_BYTES = 14, 40, 56
MASKS_AT, COLOURS_AT = FILE_HEADER_BYTES + INFO_HEADER_BYTES, 46
BITFIELDS, ALPHA_BITFIELDS = 3, 6
USUAL_MASKS = {16: (0x7C00, 0x3E0, 0x1F), 32: (0xFF0000, 0xFF00, 0xFF)}
WRITTEN_MASKS = (0xFF0000, 0xFF00, 0xFF)
ALPHA_MASK = 0xFF000000
MOST_PALETTE_BITS = 8


class Header(NamedTuple):
    """The fields of a file header and a BITMAPINFOHEADER that say where the pixels are."""

    offset: int
    header_bytes: int
    width: int
    height: int
    bits: int
    compression: int
    colours: int


def with_usual_palette(data: bytes) -> bytes:
    """The same file; where it says more colours than its pixels can name, it says none."""
    header = _header(data)
    if header and header.bits <= MOST_PALETTE_BITS and header.colours > 1 << header.bits:
        return data[:COLOURS_AT] + bytes(4) + data[COLOURS_AT + 4 :]
    return data


def with_usual_masks(data: bytes, max_pixels: int) -> bytes | None:
    """The picture with eight bits a channel in the usual order; None where it has no masks.

    Raises:
        CorruptImage: it ends before its pixels do.
        TooManyPixels: there are more than `max_pixels`.
    """
    header = _header(data)
    masked = header is not None and header.compression in (BITFIELDS, ALPHA_BITFIELDS)
    if header is None or not masked or header.bits not in USUAL_MASKS:
        return None
    check_pixels(header.width, abs(header.height), max_pixels)
    return _rewritten(data, header)


def _header(data: bytes) -> Header | None:
    """The fields, where the header is of a kind that has them."""
    if len(data) < MASKS_AT or int.from_bytes(data[14:18], "little") < INFO_HEADER_BYTES:
        return None
    return Header(*struct.unpack_from("<IIiixxHIxxxxxxxxxxxxI", data, 10))


def _rewritten(data: bytes, header: Header) -> bytes:
    width, height = header.width, abs(header.height)
    row_bytes = (width * header.bits + 31) // 32 * 4
    end = header.offset + row_bytes * height
    if end > len(data):
        raise CorruptImage("The BMP file is cut off.")
    rows = np.frombuffer(data, np.uint8, row_bytes * height, header.offset)
    numbers = rows.view(f"<u{header.bits // 8}").reshape(height, -1)[:, :width]
    has_alpha = header.header_bytes >= MASKED_HEADER_BYTES or header.compression == ALPHA_BITFIELDS
    red, green, blue, alpha = struct.unpack_from("<4I", data.ljust(MASKS_AT + 16, b"\0"), MASKS_AT)
    masks = (red, green, blue) if red | green | blue else USUAL_MASKS[header.bits]
    pixels = np.empty((height, width, 4), np.uint8)
    for place, mask in enumerate(reversed(masks)):
        pixels[:, :, place] = _channel(numbers, mask)
    pixels[:, :, 3] = _channel(numbers, alpha) if has_alpha else 0
    # Programs that know no alpha leave zeros there; nobody saves a picture that cannot be seen.
    clear = bool(pixels[:, :, 3].any())
    body = pixels.tobytes()
    offset = FILE_HEADER_BYTES + MASKED_HEADER_BYTES
    file_header = struct.pack("<2sIII", b"BM", offset + len(body), 0, offset)
    info = (MASKED_HEADER_BYTES, width, header.height, 1, 32, BITFIELDS, len(body), 0, 0, 0, 0)
    written = struct.pack("<4I", *WRITTEN_MASKS, ALPHA_MASK if clear else 0)
    return file_header + struct.pack("<IiiHHIIIIII", *info) + written + body


def _channel(numbers: np.ndarray, mask: int) -> np.ndarray:
    """One channel of all pixels, in eight bits."""
    mask &= int(np.iinfo(numbers.dtype).max)
    if not mask:
        return np.zeros(numbers.shape, np.uint8)
    lowest = (mask & -mask).bit_length() - 1
    # Of wide channels the eight highest bits; narrow ones are stretched to the whole range.
    spare = max(0, (mask >> lowest).bit_length() - 8)
    most = mask >> lowest >> spare
    stretched = (np.arange(most + 1) * 255 + most // 2) // most
    values: np.ndarray = stretched.astype(np.uint8)[(numbers & mask) >> (lowest + spare)]
    return values
