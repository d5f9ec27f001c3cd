"""The first picture of a TIFF with the tags that it needs and no others: no pixel changes.

Source: TIFF 6.0, sections 2 and 8 to 22; Adobe Photoshop TIFF Technical Notes for JPEGTables.
"""

import struct
from typing import NamedTuple

from app.imaging.files.orientation import ORIENTATION_TAG, UPRIGHT

BYTES_OF_TYPE = {1: 1, 3: 2, 4: 4, 5: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
LONG = 4
NUMBERS = {3: "H", LONG: "I"}
STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES = 273, 279, 324, 325
# How pixels are packed, what they mean, and the palette; nothing about whom, where or when.
NEEDED = frozenset(
    {256, 257, 258, 259, 262, 266, 277, 278, 284, 292, 293, 317, 320, 322, 323, 332, 338, 339}
    | {340, 341, 347, 529, 530, 531, 532, STRIP_BYTES, TILE_BYTES}
)
COMPRESSION, OLD_JPEG = 259, 6
MOST_ENTRIES = 4_096
HEADER_BYTES, ENTRY_BYTES, INLINE_BYTES = 8, 12, 4


class Entry(NamedTuple):
    """One tag of a directory; `body` is its values as they are in the file."""

    tag: int
    kind: int
    values: int
    body: bytes


def bare(data: bytes) -> bytes | None:
    """A file of the first picture alone; None where it is built in another way than usual.

    That is also a picture that has to be turned, as the tag that says so is not kept.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    entries = _first_directory(data, order) if order else None
    if order is None or entries is None:
        return None
    tags = {entry.tag: entry for entry in entries}

    def numbers(tag: int) -> list[int]:
        entry = tags.get(tag)
        if entry is None or entry.kind not in NUMBERS:
            return []
        return list(struct.unpack(f"{order}{entry.values}{NUMBERS[entry.kind]}", entry.body))

    turned = numbers(ORIENTATION_TAG) not in ([], [UPRIGHT])
    starts = numbers(STRIP_OFFSETS) or numbers(TILE_OFFSETS)
    lengths = numbers(STRIP_BYTES) or numbers(TILE_BYTES)
    if turned or numbers(COMPRESSION) == [OLD_JPEG] or not starts or len(starts) != len(lengths):
        return None
    if sum(lengths) > len(data):
        # Pieces on top of each other: together they may be far more than the file.
        return None
    pieces = [data[at : at + length] for at, length in zip(starts, lengths, strict=True)]
    if [len(piece) for piece in pieces] != lengths:
        return None
    places, position = [], HEADER_BYTES
    for piece in pieces:
        places.append(position)
        position += len(piece)
    offsets_tag = STRIP_OFFSETS if STRIP_OFFSETS in tags else TILE_OFFSETS
    written = struct.pack(f"{order}{len(places)}I", *places)
    kept = [entry for entry in entries if entry.tag in NEEDED]
    kept.append(Entry(offsets_tag, LONG, len(places), written))
    pieces.append(b"\0" * (position % 2))
    position += position % 2
    header = data[:4] + struct.pack(f"{order}I", position)
    return header + b"".join(pieces) + _directory(sorted(kept), position, order)


def _first_directory(data: bytes, order: str) -> list[Entry] | None:
    (start,) = struct.unpack_from(f"{order}I", data.ljust(HEADER_BYTES, b"\0"), 4)
    (count,) = struct.unpack(f"{order}H", data[start : start + 2].ljust(2, b"\0"))
    if count > MOST_ENTRIES or start + 2 + count * ENTRY_BYTES > len(data):
        return None
    entries: list[Entry] = []
    for at in range(start + 2, start + 2 + count * ENTRY_BYTES, ENTRY_BYTES):
        tag, kind, values, place = struct.unpack_from(f"{order}HHII", data, at)
        size = BYTES_OF_TYPE.get(kind, 0) * values
        begin = place if size > INLINE_BYTES else at + 8
        if begin + size > len(data):
            return None
        entries.append(Entry(tag, kind, values, data[begin : begin + size]))
    return entries


def _directory(entries: list[Entry], position: int, order: str) -> bytes:
    """The directory for this place in the file, with the values that do not fit into it behind."""
    behind = position + 2 + len(entries) * ENTRY_BYTES + 4
    lines, bodies = [struct.pack(f"{order}H", len(entries))], b""
    for tag, kind, values, body in entries:
        place = body.ljust(INLINE_BYTES, b"\0")
        if len(body) > INLINE_BYTES:
            bodies += b"\0" * (len(bodies) % 2)
            place = struct.pack(f"{order}I", behind + len(bodies))
            bodies += body
        lines.append(struct.pack(f"{order}HHI", tag, kind, values) + place)
    return b"".join(lines) + bytes(4) + bodies
