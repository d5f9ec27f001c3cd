"""The blocks of a GIF file: what they tell, and the file without its metadata.

Source: CompuServe, Graphics Interchange Format 89a; the loop count is Netscape's extension.
"""

from app.domain.errors import CorruptImage
from app.imaging.files.limits import check_frames
from app.imaging.files.parts import HeadTooShort, Parts

TRAILER, EXTENSION, IMAGE = 0x3B, 0x21, 0x2C
DESCRIPTOR_BYTES = 11
GRAPHIC_CONTROL, APPLICATION = 0xF9, 0xFF
LOOP = b"\x0bNETSCAPE2.0\x03\x01"
CUT_OFF = "The GIF ends in the middle of a picture; it is cut off."


def read(data: bytes, *, whole: bool = True) -> Parts:
    """Read the blocks of a GIF and leave comments and application data behind.

    A missing end mark is forgiven where the last picture is whole: many programs leave it out.

    Args:
        whole: False where `data` is only the start of the file.
    Raises:
        CorruptImage: cut off, or without a picture.
        TooManyPixels: more frames than any animation has.
        HeadTooShort: the first picture comes after what is here.
    """
    if len(data) < 13 and not whole:
        raise HeadTooShort
    if len(data) < 13:
        raise CorruptImage(CUT_OFF)
    width, height = _u16(data, 6), _u16(data, 8)
    position = 13 + _table_bytes(data[10])
    kept = [data[:position]]
    frames = 0
    repeats: int | None = None
    while position < len(data) and data[position] != TRAILER:
        start = position
        if data[position] == EXTENSION and position + 2 < len(data):
            position = _skip_blocks(data, start + 2, whole=whole)
            if data[start + 1] == GRAPHIC_CONTROL:
                kept.append(data[start:position])
            elif data.startswith(LOOP, start + 2) and repeats is None and position - start >= 19:
                repeats = _u16(data, start + 16)
                kept.append(b"\x21\xff" + LOOP + data[start + 16 : start + 18] + b"\0")
        elif data[position] == IMAGE and position + 10 < len(data):
            # A frame may reach beyond the screen; decoders then widen the screen.
            width = max(width, _u16(data, start + 1) + _u16(data, start + 5))
            height = max(height, _u16(data, start + 3) + _u16(data, start + 7))
            position = _skip_blocks(data, start + 11 + _table_bytes(data[start + 9]), whole=whole)
            kept.append(data[start:position])
            frames += 1
            check_frames(frames)
        elif frames or (not whole and len(data) - position < DESCRIPTOR_BYTES):
            break  # Garbage behind the last whole picture, or the end of what is here.
        else:
            raise CorruptImage("The GIF is damaged before its first picture.")
    if not frames and not whole:
        raise HeadTooShort((width, height))
    if not frames:
        raise CorruptImage("The GIF holds no picture.")
    return Parts(
        format="gif",
        size=(width, height),
        data=b"".join(kept) + bytes([TRAILER]),
        frames=frames,
        plays=1 if repeats is None else repeats and repeats + 1,
    )


def _u16(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 2], "little")


def _table_bytes(flags: int) -> int:
    """Bytes of the colour table that a flags byte announces."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data: bytes, position: int, *, whole: bool) -> int:
    """The position behind a chain of sub-blocks, each led by its length, ended by a zero."""
    while position < len(data):
        length = data[position]
        position += 1 + length
        if length == 0:
            return position
    if not whole:
        return len(data)
    raise CorruptImage(CUT_OFF)
