"""The boxes of an AVIF file: whether it can be handed out as it is.

Source: ISO/IEC 14496-12, 4.2 for boxes, and AVIF 1.1 for which of them a picture needs.
"""

NEEDED = frozenset({b"ftyp", b"meta", b"mdat"})


def bare_length(data: bytes) -> int | None:
    """How many bytes of the file are its picture, or None where other things lie between.

    Positions inside of the file are absolute, so boxes can be left off at its end only.
    """
    position = 0
    seen: set[bytes] = set()
    while position + 8 <= len(data) and seen != NEEDED:
        length = int.from_bytes(data[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        # 0 means up to the end of the file, 1 a length of 64 bits; neither is usual for pictures.
        if name not in NEEDED or length < 8 or position + length > len(data):
            return None
        seen.add(name)
        position += length
    return position if seen == NEEDED else None
