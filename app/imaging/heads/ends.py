"""Whether a whole JPEG without an end mark has all its pixels: by its code, without a decoder.

Source: ITU-T T.81, annexes B, C and F.2.
"""

import re
from collections.abc import Sequence
from functools import cache

from app.imaging.files import jpeg
from app.imaging.files.bare.jpeg import without_padding
from app.imaging.files.jpeg import ENTROPY, FRAMES, PROGRESSIVE, SHOWN_EVERYWHERE, SOS, Segment

DHT, DRI = 0xC4, 0xDD
RESTART = re.compile(rb"\xff+[\xd0-\xd7]")
CODE_BITS, BLOCK_COEFFICIENTS = 16, 64
UNKNOWN_CODE = (0, 0)

# A Huffman table as the file has it: how many codes of each length there are, and their symbols.
Codes = tuple[bytes, bytes]
# For each 16 bits: how many of them a symbol takes with its value, and the coefficients it fills.
Table = list[tuple[int, int]]


def jpeg_is_whole(data: bytes, parts: Sequence[Segment]) -> bool | None:
    """Whether the scan of a JPEG has every block; None where there is more than that one scan.

    Only the pixels behind the last restart mark are followed, symbol by symbol.

    Args:
        parts: the file's segments.
    """
    frame = next((part for part in parts if part.marker in FRAMES), None)
    scan = next((part for part in parts if part.marker == SOS), None)
    if frame is None or scan is None or frame.marker not in SHOWN_EVERYWHERE - PROGRESSIVE:
        return None
    if not jpeg.is_all_in_one(data, frame, scan):
        return None
    codes: dict[int, Codes] = {}
    interval = 0
    for marker, start, end in parts:
        if marker == DHT:
            codes |= _codes(data[start:end])
        elif marker == DRI:
            interval = int.from_bytes(data[start : start + 2], "big")
    try:
        blocks, units = _units(data, frame, scan, codes)
    except LookupError:
        return False
    entropy = next(data[start:end] for marker, start, end in parts if marker == ENTROPY)
    pieces = RESTART.split(without_padding(entropy))
    left = units - interval * (len(pieces) - 1)
    if interval and not 0 < left <= interval:
        return left <= 0
    return _has_units(pieces[-1].replace(b"\xff\x00", b"\xff"), blocks, left)


def _codes(body: bytes) -> dict[int, Codes]:
    """The Huffman tables of a segment, by the byte that has their class and number."""
    found: dict[int, Codes] = {}
    position = 0
    while position + 17 <= len(body):
        name, counts = body[position], body[position + 1 : position + 17]
        end = position + 17 + sum(counts)
        found[name] = counts, body[position + 17 : end]
        position = end
    return found


def _table(codes: Codes) -> Table:
    """What the next 16 bits of a scan mean. Only for tables that a scan uses: these are long.

    Raises:
        LookupError: 16 bits have no room for all codes.
    """
    counts, symbols = codes
    if sum(n << (CODE_BITS - length) for length, n in enumerate(counts, start=1)) > 1 << CODE_BITS:
        raise LookupError
    table: Table = []
    position = 0
    for length, count in enumerate(counts, start=1):
        for symbol in symbols[position : position + count]:
            fills = BLOCK_COEFFICIENTS if symbol == 0 else (symbol >> 4) + 1
            table += [(length + (symbol & 15), fills)] * (1 << (CODE_BITS - length))
        position += count
    return table + [UNKNOWN_CODE] * ((1 << CODE_BITS) - len(table))


def _units(
    data: bytes, frame: Segment, scan: Segment, codes: dict[int, Codes]
) -> tuple[list[tuple[Table, Table]], int]:
    """The tables for each block of a unit, and how many units there are.

    Raises:
        LookupError: the headers do not fit together.
    """
    start, count = frame.start, data[frame.start + 5]
    height = int.from_bytes(data[start + 1 : start + 3], "big")
    width = int.from_bytes(data[start + 3 : start + 5], "big")
    factors = {
        data[at]: (data[at + 1] >> 4, data[at + 1] & 15)
        for at in range(start + 6, start + 6 + 3 * count, 3)
    }
    # A component alone comes block by block, however it is sampled.
    alone = count == 1
    across = 8 * (1 if alone else max((across for across, _ in factors.values()), default=0))
    down = 8 * (1 if alone else max((down for _, down in factors.values()), default=0))
    if not across or not down:
        raise LookupError
    blocks: list[tuple[Table, Table]] = []
    table = cache(lambda name: _table(codes[name]))
    for at in range(scan.start + 1, scan.start + 1 + 2 * count, 2):
        number = data[at + 1]
        wide, high = (1, 1) if alone else factors[data[at]]
        blocks += [(table(number >> 4), table(0x10 | number & 15))] * (wide * high)
    return blocks, -(-width // across) * -(-height // down)


def _has_units(scan: bytes, blocks: list[tuple[Table, Table]], units: int) -> bool:
    """Whether the bits of a scan, without its restart marks, suffice for this number of units."""
    bits = 8 * len(scan)
    # Three bytes hold the sixteen bits from anywhere in the first of them.
    scan += b"\0\0\0"
    position = 0
    for _ in range(units):
        for first, others in blocks:
            table, filled = first, 0
            while filled < BLOCK_COEFFICIENTS:
                if position > bits:
                    return False
                at = position >> 3
                window = scan[at] << 16 | scan[at + 1] << 8 | scan[at + 2]
                taken, fills = table[window >> (8 - (position & 7)) & 0xFFFF]
                if not taken:
                    return False
                position += taken
                filled += 1 if table is first else fills
                table = others
    return position <= bits
