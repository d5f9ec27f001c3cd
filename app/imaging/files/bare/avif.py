"""The metadata items of an AVIF, blanked in place: positions in such a file are absolute.

Source: ISO/IEC 14496-12, 8.11.3 (`iloc`) and 8.11.6 (`iinf`); ISO/IEC 23008-12, annex A for the
items that carry EXIF and XMP.
"""

from typing import NamedTuple

from app.imaging.files.iso import FULL_BYTES, META_HEADER_BYTES, NEEDED, boxes

FREE = b"free"
# What a picture does not need; a film has further boxes, which are not touched.
BLANKED = frozenset({FREE, b"skip", b"uuid"})
METADATA_TYPES = frozenset({b"Exif", b"mime"})
IN_FILE, IN_IDAT = 0, 1


class Item(NamedTuple):
    """One item: where its type and names are in the file, and where its bytes are."""

    names: tuple[int, int]
    extents: list[tuple[int, int]]


def without_items(data: bytes) -> bytes | None:
    """The file with zeros for EXIF, XMP and boxes that a picture does not need.

    None where something is not as we know it, so that nothing stays by mistake. A colour profile
    is not looked for.
    """
    top = list(boxes(data, 0, len(data)))
    needed = [box for box in top if box[0] in NEEDED]
    known = all(name in NEEDED | BLANKED for name, _, _ in top)
    if not known or sorted(name for name, _, _ in needed) != sorted(NEEDED):
        return None
    blank = bytearray(data[: max(end for _, _, end in needed)])
    for name, start, end in top:
        if name not in NEEDED and end <= len(blank):
            blank[start - 4 : end] = FREE + bytes(end - start)
    meta = next(box for box in needed if box[0] == b"meta")
    items = _metadata_items(data, meta[1] + META_HEADER_BYTES, meta[2])
    if items is None:
        return None
    for (start, end), extents in items:
        blank[start:end] = FREE.ljust(end - start, b"\0")
        for start, end in extents:
            blank[start:end] = bytes(end - start)
    return bytes(blank)


def _metadata_items(data: bytes, start: int, end: int) -> list[Item] | None:
    inside = {name: (at, behind) for name, at, behind in boxes(data, start, end)}
    if not inside.keys() >= {b"iinf", b"iloc"}:
        return None
    at, behind = inside[b"iinf"]
    names: dict[int, tuple[int, int]] = {}
    for name, entry, entry_end in boxes(
        data, at + FULL_BYTES + (2 if data[at] == 0 else 4), behind
    ):
        if name != b"infe" or data[entry] not in (2, 3):
            return None
        id_bytes = 2 if data[entry] == 2 else 4
        type_at = entry + FULL_BYTES + id_bytes + 2
        if type_at + 4 > entry_end:
            return None
        if data[type_at : type_at + 4] in METADATA_TYPES:
            number = data[entry + FULL_BYTES : entry + FULL_BYTES + id_bytes]
            names[int.from_bytes(number, "big")] = (type_at, entry_end)
    places = _places(data, *inside[b"iloc"], inside.get(b"idat", (0, 0))[0])
    if places is None or not names.keys() <= places.keys():
        return None
    return [Item(place, places[number]) for number, place in names.items()]


def _places(
    data: bytes, start: int, end: int, idat: int
) -> dict[int, list[tuple[int, int]]] | None:
    """Start and end in the file of the pieces of each item."""
    position = start + FULL_BYTES

    def number(size: int) -> int:
        nonlocal position
        position += size
        return int.from_bytes(data[position - size : position], "big")

    version, sizes, more_sizes = data[start], number(1), number(1)
    id_bytes = 4 if version == 2 else 2
    found: dict[int, list[tuple[int, int]]] = {}
    for _ in range(number(id_bytes)):
        item = number(id_bytes)
        method = number(2) & 15 if version else IN_FILE
        number(2)
        base = number(more_sizes >> 4) + (idat if method == IN_IDAT else 0)
        extents: list[tuple[int, int]] = []
        for _ in range(number(2)):
            number(more_sizes & 15 if version else 0)
            first = base + number(sizes >> 4)
            extents.append((first, first + number(sizes & 15)))
        if position > end or method not in (IN_FILE, IN_IDAT):
            return None
        found[item] = extents
    # A length of zero means all that there is.
    pieces = [piece for extents in found.values() for piece in extents]
    whole = all(first < behind <= len(data) for first, behind in pieces)
    return found if whole else None
