"""The segments of a JPEG file: what they tell, and the file without its metadata.

Source for markers and their order: ITU-T T.81, annex B; APP0 in JFIF 1.02, APP1 in Exif 2.32, APP2
in ICC.1:2010 annex B.4, APP14 in Adobe Technical Note 5116.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.domain.errors import CorruptImage, UnsupportedFormat
from app.imaging.files import orientation
from app.imaging.files.limits import MAX_PROFILE_BYTES, MAX_SCANS, MAX_SEGMENTS
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
EXIF_ID, XMP_ID, ICC_ID = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
ADOBE_BYTES, JFIF_BYTES = 12, 14


class Segment(NamedTuple):
    """One marker segment: `data[start:end]` is what follows the marker and its two length bytes."""

    marker: int
    start: int
    end: int


def segments(data: bytes, *, whole: bool = True) -> Iterator[Segment]:
    """The segments up to the end-of-image marker; scan data comes as one of marker `ENTROPY`.

    Args:
        whole: False where `data` is only the start of the file; a segment that reaches beyond it is
            then the end.
    Raises:
        CorruptImage: a segment reaches beyond the file, or there are absurdly many.
    """
    position = 2
    for _ in range(MAX_SEGMENTS):
        position = data.find(b"\xff", position)
        while 0 <= position < len(data) and data[position] == 0xFF:
            position += 1
        if position < 0 or position >= len(data):
            return
        marker = data[position]
        position += 1
        if marker == EOI:
            return
        if marker in STANDALONE or marker in (0x00, SOI):
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if not whole and position + max(length, 2) > len(data):
            return
        if length < 2 or position + length > len(data):
            raise CorruptImage("The JPEG ends in the middle of its header; it is cut off.")
        yield Segment(marker, position + 2, position + length)
        position += length
        if marker == SOS:
            found = END_OF_ENTROPY.search(data, position)
            end = found.start() if found else len(data)
            yield Segment(ENTROPY, position, end)
            position = end
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
    xmp: bytes | None = None
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
        elif marker == APP1 and xmp is None and data.startswith(XMP_ID, start):
            xmp = data[start + len(XMP_ID) : end]
        elif marker == APP2 and data.startswith(ICC_ID, start):
            chunks.append(data[start + len(ICC_ID) : end])
        elif marker == SOS:
            if frame is None:
                # The pixels begin: no frame header is to come, however long the file is.
                whole = True
                break
            components = data[start] if end > start else 0
            if frame.marker not in PROGRESSIVE and components == _components(data, frame):
                break  # One scan has it all: decoders read no further.
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
    profile, note = _profile(chunks)
    return Parts(
        format="jpeg",
        size=(
            int.from_bytes(data[start + 3 : start + 5], "big"),
            int.from_bytes(data[start + 1 : start + 3], "big"),
        ),
        data=data,
        orientation=orientation.choose(exif, xmp),
        icc_profile=profile,
        metadata_bytes=metadata_bytes,
        plain=frame.marker in SHOWN_EVERYWHERE and _components(data, frame) in (1, 3),
        notes=(note,) if note else (),
    )


def strip(data: bytes) -> bytes:
    """The same picture data without metadata: no pixel changes.

    What stays of the application segments is what decoders need: JFIF without its thumbnail, and
    Adobe's word on the colour transform. What follows the end-of-image marker goes.
    """
    kept = [b"\xff\xd8"]
    for marker, start, end in segments(data):
        if marker == ENTROPY:
            kept.append(data[start:end])
            continue
        body = data[start:end]
        if marker == APP0 and body.startswith(b"JFIF\0") and len(body) >= JFIF_BYTES:
            body = body[: JFIF_BYTES - 2] + b"\0\0"
        elif marker == APP14 and body.startswith(b"Adobe") and len(body) >= ADOBE_BYTES:
            body = body[:ADOBE_BYTES]
        elif APP0 <= marker <= APP15 or marker == COM:
            continue
        kept.append(b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body)
    kept.append(b"\xff\xd9")
    return b"".join(kept)


def has_its_end(data: bytes) -> bool:
    """Whether an end-of-image marker follows the pixels; decoders refuse a file without one.

    Raises:
        CorruptImage: see `segments`.
    """
    behind = 2
    for segment in segments(data):
        behind = segment.end
    # Thumbnails within the metadata have markers of their own.
    return data.find(bytes([0xFF, EOI]), behind) >= 0


def has_adobe_marker(data: bytes) -> bool:
    """Whether Adobe's segment is there; its CMYK pictures are stored inverted."""
    for marker, start, _ in segments(data):
        if marker == APP14 and data.startswith(b"Adobe", start):
            return True
        if marker == SOS:
            break
    return False


def _components(data: bytes, frame: Segment) -> int:
    return data[frame.start + 5] if frame.end - frame.start > 5 else 0


def _profile(chunks: list[bytes]) -> tuple[bytes | None, str | None]:
    """Join the numbered pieces of an ICC profile."""
    if not chunks:
        return None, None
    ordered = sorted(chunk for chunk in chunks if len(chunk) > 2)
    whole = [chunk[0] for chunk in ordered] == list(range(1, len(ordered) + 1))
    profile = b"".join(chunk[2:] for chunk in ordered)
    if not ordered or not whole or ordered[0][1] != len(ordered):
        return None, "The colour profile is incomplete and was ignored."
    if len(profile) > MAX_PROFILE_BYTES:
        return None, "The colour profile is absurdly large and was ignored."
    return profile, None
