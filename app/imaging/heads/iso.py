"""The size of an AVIF or HEIC picture, by the properties of its primary item.

Source: ISO/IEC 23008-12, 6.5.3 (`ispe`), 6.5.9 (`clap`), 6.5.10 (`irot`) and 9.3 (`ipma`);
ISO/IEC 14496-12, 8.11.4 (`pitm`).
"""

from collections.abc import Iterator

from app.imaging.files.iso import FULL_BYTES, META_HEADER_BYTES, boxes
from app.imaging.files.parts import HeadTooShort

MAX_ITEMS = 10_000

Size = tuple[int, int]


def avif_size(data: bytes) -> Size:
    """Width and height as they are seen; as libavif does, a `clap` is not followed.

    Raises:
        HeadTooShort: the boxes that tell are not here, or say it in an unusual way.
    """
    return _size(data, crops=False)


def heic_size(data: bytes) -> Size:
    """Width and height as they are seen; as libheif does, a `clap` is followed.

    Raises:
        HeadTooShort: the boxes that tell are not here, or say it in an unusual way.
    """
    return _size(data, crops=True)


def _size(data: bytes, *, crops: bool) -> Size:
    width = height = None
    turned = False
    for name, body in _properties_of_primary(data):
        if name == b"ispe" and len(body) >= FULL_BYTES + 8:
            width, height = _u32(body, FULL_BYTES), _u32(body, FULL_BYTES + 4)
        elif name == b"irot" and body:
            turned ^= body[0] & 1 == 1
        elif name == b"clap" and crops and len(body) >= 16 and _u32(body, 4) and _u32(body, 12):
            width, height = _u32(body, 0) // _u32(body, 4), _u32(body, 8) // _u32(body, 12)
    if width is None or height is None:
        raise HeadTooShort
    return (height, width) if turned else (width, height)


def _properties_of_primary(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and contents of the properties that the primary item has, in the order of its list."""
    for _, start, end in _named(data, 0, len(data), b"meta"):
        inside = start + META_HEADER_BYTES
        for _, item_start, item_end in _named(data, inside, end, b"pitm"):
            primary = _primary(data[item_start:item_end])
            for _, from_here, to_here in _named(data, inside, end, b"iprp"):
                yield from _properties(data, from_here, to_here, primary)


def _properties(data: bytes, start: int, end: int, item: int) -> Iterator[tuple[bytes, bytes]]:
    known = [
        (name, data[at:behind])
        for _, first, last in _named(data, start, end, b"ipco")
        for name, at, behind in boxes(data, first, last)
    ]
    for _, first, last in _named(data, start, end, b"ipma"):
        for index in _associated(data[first:last], item):
            # They are counted from 1; 0 means none.
            if 0 < index <= len(known):
                yield known[index - 1]


def _named(data: bytes, start: int, end: int, wanted: bytes) -> list[tuple[bytes, int, int]]:
    """The first box of this name, if there is one."""
    return [box for box in boxes(data, start, end) if box[0] == wanted][:1]


def _primary(body: bytes) -> int:
    size = 2 if body[:1] == b"\0" else 4
    return int.from_bytes(body[FULL_BYTES : FULL_BYTES + size], "big")


def _associated(body: bytes, item: int) -> list[int]:
    """The numbers of an item's properties in an `ipma`; none where it is malformed."""
    if len(body) < FULL_BYTES + 4:
        return []
    id_bytes = 2 if body[0] == 0 else 4
    # The highest bit says that a reader must understand the property.
    index_bytes, mask = (2, 0x7FFF) if body[3] & 1 else (1, 0x7F)
    position = FULL_BYTES + 4
    for _ in range(min(_u32(body, FULL_BYTES), MAX_ITEMS)):
        if position + id_bytes >= len(body):
            break
        this = int.from_bytes(body[position : position + id_bytes], "big")
        first = position + id_bytes + 1
        position = first + body[first - 1] * index_bytes
        if this == item:
            starts = range(first, min(position, len(body)), index_bytes)
            return [int.from_bytes(body[at : at + index_bytes], "big") & mask for at in starts]
    return []


def _u32(body: bytes, position: int) -> int:
    return int.from_bytes(body[position : position + 4], "big")
