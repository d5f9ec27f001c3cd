"""The chunks of a WebP file: what they tell, and the file without its metadata.

Source: RFC 9649, WebP Image Format, section 2.
"""

from collections.abc import Mapping

from app.domain.errors import CorruptImage
from app.imaging.files import orientation
from app.imaging.files.colours import TOO_LARGE_NOTE
from app.imaging.files.limits import (
    MAX_EXIF_BYTES,
    MAX_PROFILE_BYTES,
    MAX_SEGMENTS,
    check_frames,
)
from app.imaging.files.parts import HeadTooShort, Parts

PICTURE = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
PIXELS = (b"VP8 ", b"VP8L", b"ANMF")
KNOWN = PICTURE | {b"ICCP", b"EXIF", b"XMP "}
# The headers of the chunk, of the frame and of its picture.
SMALLEST_FRAME_BYTES = 8 + 16 + 8
LENGTH_NOTE = "The WebP says another length than it has; its picture is whole."
# Bits of VP8X that announce ICC, EXIF and XMP; they go with the chunks.
METADATA_FLAGS = 0x20 | 0x08 | 0x04
EXIF_FLAG = 0x08
ALPHA_FLAG, ANIMATION_FLAG = 0x10, 0x02
FLAGS_AT = 20
# Two canvases of libwebp's, its answer, and Pillow's copy of that.
DECODER_BYTES_PER_PIXEL = 16


def read(data: bytes, *, whole: bool = True) -> Parts:
    """Read the header of a WebP and leave its metadata behind.

    Args:
        whole: False where `data` is only the start of the file.
    Raises:
        CorruptImage: cut off, or without a picture.
        TooManyPixels: more frames than any animation has.
        HeadTooShort: what turns the picture comes after what is here, or the picture itself does.
    """
    # Some programs write another number than that of the bytes behind it.
    said = 8 + int.from_bytes(data[4:8], "little")
    end = len(data) if whole else said
    picture: list[bytes] = []
    found: dict[bytes, bytes] = {}
    size: tuple[int, int] | None = None
    frames, plays, position, cut = 0, 1, 12, False
    for _ in range(MAX_SEGMENTS):
        name = data[position : position + 4]
        if position + 8 > len(data) or (position >= said and name not in KNOWN):
            break
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        body = position + 8
        position = body + length + length % 2
        if body + length > end:
            cut = True
            break
        if name in PICTURE:
            picture.append(_bare(name, data[body : body + length]))
            size = size or _size(name, data[body : body + 10])
        elif name in (b"ICCP", b"EXIF"):
            found.setdefault(name, data[body : body + length])
        if name == b"ANMF":
            frames += 1
            check_frames(frames)
        elif name == b"ANIM" and length >= 6:
            plays = int.from_bytes(data[body + 4 : body + 6], "little")
    else:
        raise CorruptImage(f"The WebP has more than {MAX_SEGMENTS} chunks.")
    if not whole and end > len(data) and (size is None or _turned_later(data, found)):
        raise HeadTooShort(size)
    # A chunk that is cut off behind a still picture is metadata; of an animation it is a frame.
    frame_missing = frames > 0 and (cut or said - len(data) >= SMALLEST_FRAME_BYTES)
    if whole and (frame_missing or (cut and not _has_pixels(picture))):
        raise CorruptImage("The WebP ends in the middle of its picture; it is cut off.")
    if size is None or (whole and not _has_pixels(picture)):
        raise CorruptImage("The WebP holds no picture.")
    profile = found.get(b"ICCP")
    too_large = profile is not None and len(profile) > MAX_PROFILE_BYTES
    notes = (TOO_LARGE_NOTE,) if too_large else ()
    if whole and (said > len(data) or position > said + said % 2):
        notes = (*notes, LENGTH_NOTE)
    joined = b"WEBP" + b"".join(picture)
    return Parts(
        format="webp",
        size=size,
        data=b"RIFF" + len(joined).to_bytes(4, "little") + joined,
        orientation=orientation.of(found.get(b"EXIF", b"")[:MAX_EXIF_BYTES]),
        icc_profile=None if too_large else profile,
        frames=max(1, frames),
        plays=plays,
        notes=notes,
    )


def need_memory(size: tuple[int, int]) -> None:
    """Fail before the decoder does: what libwebp says without memory, it says of damage as well.

    Raises:
        MemoryError: this process may not have as much as decoding `size` takes.
    """
    # Asked for, never touched, and given back at once.
    bytes(size[0] * size[1] * DECODER_BYTES_PER_PIXEL)


def announce_alpha(data: bytes) -> bytes:
    """Say in the header of an animation that it has transparency.

    libwebp leaves the flag out where every frame is opaque within its own rectangle, although the
    canvas around is clear; readers that trust the flag then show black.
    """
    if data[12:16] != b"VP8X":
        return data
    return data[:FLAGS_AT] + bytes([data[FLAGS_AT] | ALPHA_FLAG]) + data[FLAGS_AT + 1 :]


def _bare(name: bytes, body: bytes) -> bytes:
    if name == b"VP8X" and body:
        # `announce_alpha` says why.
        flags = body[0] & ~METADATA_FLAGS
        if flags & ANIMATION_FLAG:
            flags |= ALPHA_FLAG
        body = bytes([flags]) + body[1:]
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def _has_pixels(picture: list[bytes]) -> bool:
    return any(chunk.startswith(PIXELS) for chunk in picture)


def _turned_later(data: bytes, found: Mapping[bytes, bytes]) -> bool:
    """Whether VP8X announces EXIF, which comes behind the pixels, and it was not found."""
    flags = data[FLAGS_AT] if data[12:16] == b"VP8X" and len(data) > FLAGS_AT else 0
    return bool(flags & EXIF_FLAG) and b"EXIF" not in found


def _size(name: bytes, body: bytes) -> tuple[int, int] | None:
    """The canvas of VP8X, or the size of the one bit stream. Sections 2.5, 2.6 and 2.7."""
    if len(body) < 10 and name != b"VP8L":
        return None
    if name == b"VP8X":
        return (
            int.from_bytes(body[4:7], "little") + 1,
            int.from_bytes(body[7:10], "little") + 1,
        )
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return (
            int.from_bytes(body[6:8], "little") & 0x3FFF,
            int.from_bytes(body[8:10], "little") & 0x3FFF,
        )
    if name == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    return None
