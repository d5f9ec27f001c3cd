"""The boxes of AVIF and HEIC files: what they say, and whether a file can be kept as it is.

Source: ISO/IEC 14496-12, 4.2 for boxes and 12.1.5 for `colr`; ISO/IEC 23008-12, 9.3 for properties;
AVIF 1.1 for which boxes a picture needs.
"""

from collections.abc import Iterator

NEEDED = frozenset({b"ftyp", b"meta", b"mdat"})
# Version and flags, which lead every full box.
FULL_BYTES = 4
META_HEADER_BYTES = 4
MAX_BOXES = 1_000


def bare_length(data: bytes) -> int | None:
    """How many bytes of the file are its picture, or None where other boxes are between them.

    Positions in the file are absolute, so boxes can be cut off at its end only.
    """
    seen: set[bytes] = set()
    for name, _, end in boxes(data, 0, len(data)):
        if name not in NEEDED:
            return None
        seen.add(name)
        if seen == NEEDED:
            return end
    return None


def code_points(data: bytes) -> tuple[int, int] | None:
    """The numbers for primaries and transfer of the first picture that names them, or None.

    Source of the numbers: ITU-T H.273, 8.1 and 8.2.
    """
    start, end = 0, len(data)
    for name, header_bytes in ((b"meta", META_HEADER_BYTES), (b"iprp", 0), (b"ipco", 0)):
        found = [box for box in boxes(data, start, end) if box[0] == name]
        if not found:
            return None
        start, end = found[0][1] + header_bytes, found[0][2]
    for name, at, behind in boxes(data, start, end):
        if name == b"colr" and data.startswith(b"nclx", at) and behind - at >= 8:
            return (
                int.from_bytes(data[at + 4 : at + 6], "big"),
                int.from_bytes(data[at + 6 : at + 8], "big"),
            )
    return None


def boxes(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the contents of each box, up to the first that is malformed.

    That is also one that reaches beyond `end`.
    """
    for _ in range(MAX_BOXES):
        if position + 8 > end:
            return
        length = int.from_bytes(data[position : position + 4], "big")
        # 0 means up to the end of the file, 1 a length of 64 bits; neither is usual for pictures.
        if length < 8 or position + length > end:
            return
        yield data[position + 4 : position + 8], position + 8, position + length
        position += length
