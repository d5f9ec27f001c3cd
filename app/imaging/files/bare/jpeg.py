"""What is around the pixels of a JPEG: the file without it, and with what is missing of it.

Phones, webcams, panoramas and old programs write whole pictures that decoders which are strict
about damage refuse: without an end mark, with stray bytes between segments, with a trailer.
"""

from typing import NamedTuple

from app.domain.errors import CorruptImage
from app.imaging.files.jpeg import (
    ADOBE_BYTES,
    APP0,
    APP14,
    APP15,
    COM,
    END_OF_IMAGE,
    ENTROPY,
    FRAMES,
    JFIF_BYTES,
    PROGRESSIVE,
    SHOWN_EVERYWHERE,
    SOS,
    Segment,
    segments,
)

CUT_OFF = "The JPEG is cut off or damaged."
NO_END_NOTE = "The JPEG has no end mark, but all its pixels."
BETWEEN_NOTE = "Stray bytes between the parts of the JPEG were skipped."
# More zeros than a scan may end with: the space that was reserved for a file and never filled.
MOST_ZEROS = 2
COEFFICIENTS = 64


class Repaired(NamedTuple):
    """The picture data in a frame as it should be, and what was odd about the one it had."""

    data: bytes
    notes: tuple[str, ...]


def strip(data: bytes) -> bytes:
    """The same picture data without metadata: no pixel changes.

    What stays of the application segments is what decoders need: JFIF without its thumbnail, and
    Adobe's word on the colour transform. Stray bytes between segments go, and so does what follows
    the pixels; an end-of-image marker is there in any case.
    """
    return _join(data, list(segments(data)))


def mend(data: bytes) -> Repaired:
    """Put the pixels of a JPEG that a strict decoder refuses into a new frame.

    The decoder has to tell whether the last scan is whole; all others are looked at here.

    Raises:
        CorruptImage: scans are missing; see also `segments`.
    """
    parts = list(segments(data))
    notes = []
    if _has_stray_bytes(data, parts):
        notes.append(BETWEEN_NOTE)
    if not has_its_end(data, parts):
        if not _has_all_scans(data, parts):
            raise CorruptImage(CUT_OFF)
        notes.append(NO_END_NOTE)
    return Repaired(_join(data, parts), tuple(notes))


def has_its_end(data: bytes, parts: list[Segment]) -> bool:
    """Whether an end-of-image marker follows the last of a file's segments."""
    return bool(parts) and END_OF_IMAGE.match(data, parts[-1].end) is not None


def _join(data: bytes, parts: list[Segment]) -> bytes:
    kept = [b"\xff\xd8"]
    for marker, start, end in parts:
        body = data[start:end]
        if marker == ENTROPY:
            kept.append(without_padding(body) if end == len(data) else body)
            continue
        if marker == APP0 and body.startswith(b"JFIF\0") and len(body) >= JFIF_BYTES:
            body = body[: JFIF_BYTES - 2] + b"\0\0"
        elif marker == APP14 and body.startswith(b"Adobe") and len(body) >= ADOBE_BYTES:
            body = body[:ADOBE_BYTES]
        elif APP0 <= marker <= APP15 or marker == COM:
            continue
        kept.append(b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body)
    kept.append(b"\xff\xd9")
    return b"".join(kept)


def without_padding(scan: bytes) -> bytes:
    """A scan without the zeros up to the end of its file: decoders would take them for pixels."""
    bare = scan.rstrip(b"\0")
    if len(scan) - len(bare) <= MOST_ZEROS:
        return scan
    # A byte of only ones is written with a zero behind it.
    return bare + b"\0" if bare.endswith(b"\xff") else bare


def _has_stray_bytes(data: bytes, parts: list[Segment]) -> bool:
    behind = 2
    for marker, start, end in parts:
        # Any number of 0xFF may lead a marker; the marker and its length are the last four bytes.
        if marker != ENTROPY and data[behind : start - 4].strip(b"\xff"):
            return True
        behind = end
    return False


def _has_all_scans(data: bytes, parts: list[Segment]) -> bool:
    """Whether the scans give every coefficient of every component to its last bit.

    Source: ITU-T T.81, B.2.2, B.2.3 and G.1.1.
    """
    frame = next((part for part in parts if part.marker in FRAMES), None)
    # Nothing tells a decoder that the arithmetic code of a scan ends too early.
    if frame is None or frame.marker not in SHOWN_EVERYWHERE:
        return False
    count = data[frame.start + 5]
    wanted = {data[frame.start + 6 + 3 * number] for number in range(count)}
    missing = {component: set(range(COEFFICIENTS)) for component in wanted}
    for marker, start, end in parts:
        if marker != SOS or end - start < 4 + 2 * data[start]:
            continue
        components = data[start + 1 : end - 3 : 2]
        first, last, bits = data[end - 3 : end]
        if frame.marker not in PROGRESSIVE:
            first, last, bits = 0, COEFFICIENTS - 1, 0
        if bits & 15 == 0:
            for component in components:
                missing.get(component, set()).difference_update(range(first, last + 1))
    return not any(missing.values())
