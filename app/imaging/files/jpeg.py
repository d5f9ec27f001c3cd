"""The segments of a JPEG file, and what they tell.

Source for markers and their order: ITU-T T.81, annex B; APP0 in JFIF 1.02, APP1 in Exif 2.32, APP2
in ICC.1:2010 annex B.4, APP14 in Adobe Technical Note 5116.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.domain.errors import CorruptImage, UnsupportedFormat
from app.imaging.files import colours, orientation
from app.imaging.files.limits import MAX_SCANS, MAX_SEGMENTS
from app.imaging.files.parts import HeadTooShort, Parts

SOI, EOI, SOS, COM = 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP1, APP2, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
# Start-of-frame markers; C4, C8 and CC share the range but mean tables and an extension.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
# Baseline, extended and progressive Huffman: what every browser shows.
SHOWN_EVERYWHERE = frozenset({0xC0, 0xC1, 0xC2})
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
ENTROPY = -1
END_OF_ENTROPY = re.compile(rb"\xff+(?=[^\x00\xd0-\xd7\xff])")
END_OF_IMAGE = re.compile(rb"\xff+\xd9")
EXIF_ID, ICC_ID = b"Exif\0\0", b"ICC_PROFILE\0"
ADOBE_BYTES, JFIF_BYTES = 12, 14


class Segment(NamedTuple):
    """One marker segment: `data[start:end]` is what follows the marker and its two length bytes."""

    marker: int
    start: int
    end: int


def segments(data: bytes, *, whole: bool = True) -> Iterator[Segment]:
    """The segments of the first picture; scan data comes as one of marker `ENTROPY`.

    It ends with the end-of-image marker, with the scan that has all components, or where another
    picture begins: phones put panoramas and films behind the first one.

    Args:
        whole: False where `data` is only the start of the file; a segment that reaches beyond it is
            then the end.
    Raises:
        CorruptImage: a segment reaches beyond the file, or there are absurdly many.
    """
    position = 2
    frame: Segment | None = None
    pixels_began = False
    for _ in range(MAX_SEGMENTS):
        position = data.find(b"\xff", position)
        while 0 <= position < len(data) and data[position] == 0xFF:
            position += 1
        if position < 0 or position >= len(data):
            return
        marker = data[position]
        position += 1
        if marker in (SOI, EOI) and pixels_began:
            return
        if marker in STANDALONE or marker in (0x00, SOI, EOI):
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if not whole and position + max(length, 2) > len(data):
            return
        if length < 2 or position + length > len(data):
            raise CorruptImage("The JPEG ends in the middle of its header; it is cut off.")
        segment = Segment(marker, position + 2, position + length)
        yield segment
        position = segment.end
        if marker in FRAMES and frame is None:
            frame = segment
        elif marker == SOS:
            found = END_OF_ENTROPY.search(data, position)
            end = found.start() if found else len(data)
            yield Segment(ENTROPY, position, end)
            if frame is not None and is_all_in_one(data, frame, segment):
                return
            position, pixels_began = end, True
    raise CorruptImage(f"The JPEG has more than {MAX_SEGMENTS} segments.")


def read(data: bytes, *, whole: bool = True) -> Parts:
    """Read the header of a JPEG.

    Args:
        whole: False where `data` is only the start of the file.
    Raises:
        CorruptImage: no frame header, or more scans than any program writes: each scan of a
            progressive JPEG is a pass over all pixels, so a small file could keep a decoder busy.
        UnsupportedFormat: 12 bits a channel.
        HeadTooShort: the frame header comes after what is here.
    """
    frame: Segment | None = None
    exif: bytes | None = None
    chunks: list[bytes] = []
    scans = metadata_bytes = 0
    for segment in segments(data, whole=whole):
        marker, start, end = segment
        if APP1 <= marker <= APP15 or marker == COM:
            metadata_bytes += end - start + 4
        if marker in FRAMES and frame is None:
            frame = segment
        elif marker == APP1 and exif is None and data.startswith(EXIF_ID, start):
            exif = data[start:end]
        elif marker == APP2 and data.startswith(ICC_ID, start):
            chunks.append(data[start + len(ICC_ID) : end])
        elif marker == SOS:
            if frame is None:
                # The pixels begin: no frame header is to come, however long the file is.
                whole = True
                break
            if is_all_in_one(data, frame, segment):
                break  # Decoders read no further.
            scans += 1
            if scans > MAX_SCANS:
                raise CorruptImage(f"The JPEG has more than {MAX_SCANS} scans; no program does so.")
    if frame is None and not whole:
        raise HeadTooShort
    if frame is None or frame.end - frame.start < 6:
        raise CorruptImage("The JPEG has no frame header; it is cut off or damaged.")
    start = frame.start
    if data[start] == 12:
        raise UnsupportedFormat("This is a JPEG of 12 bits a channel. Please use one of 8 bits.")
    profile, note = colours.join_profile(chunks) if chunks else (None, None)
    return Parts(
        format="jpeg",
        size=(
            int.from_bytes(data[start + 3 : start + 5], "big"),
            int.from_bytes(data[start + 1 : start + 3], "big"),
        ),
        data=data,
        orientation=orientation.of(exif),
        icc_profile=profile,
        metadata_bytes=metadata_bytes,
        plain=frame.marker in SHOWN_EVERYWHERE and _components(data, frame) in (1, 3),
        notes=(note,) if note else (),
    )


def has_adobe_marker(data: bytes) -> bool:
    """Whether Adobe's segment is there; its CMYK pictures are stored inverted."""
    for marker, start, _ in segments(data):
        if marker == APP14 and data.startswith(b"Adobe", start):
            return True
        if marker == SOS:
            break
    return False


def is_all_in_one(data: bytes, frame: Segment, scan: Segment) -> bool:
    """Whether the scan with this header is the only one that the frame needs."""
    components = data[scan.start] if scan.end > scan.start else 0
    return frame.marker not in PROGRESSIVE and components == _components(data, frame)


def _components(data: bytes, frame: Segment) -> int:
    return data[frame.start + 5] if frame.end - frame.start > 5 else 0
