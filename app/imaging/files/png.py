"""The chunks of a PNG file: what they tell, and the file without its metadata.

Source for names and layouts: W3C, Portable Network Graphics (PNG) Specification, third edition.
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from app.domain.errors import CorruptImage
from app.imaging.files import orientation
from app.imaging.files.colours import code_points_note
from app.imaging.files.limits import (
    MAX_EXIF_BYTES,
    MAX_PROFILE_BYTES,
    MAX_SEGMENTS,
    check_frames,
)
from app.imaging.files.parts import HeadTooShort, Parts

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"
STILL = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
# Below this the difference to the usual 1/2.2 cannot be seen.
SRGB_GAMMA, GAMMA_TOLERANCE = 0.45455, 0.03
CUT_OFF = "The PNG ends before its end mark; it is cut off."
NO_END_NOTE = "The PNG has no end mark, but all its pixels."
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
AT_ONCE_BYTES = 1024 * 1024
PROFILE_NOTE = "The colour profile is broken and was ignored."


class Chunk(NamedTuple):
    """One chunk; `start` is its length's offset, `end` that of the byte behind its checksum."""

    name: bytes
    start: int
    end: int


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks up to and with IEND, or up to the one that the file ends in.

    Raises:
        CorruptImage: absurdly many chunks.
    """
    position = len(SIGNATURE)
    # Pixels may come in any number of small chunks, so only the others count.
    others = 0
    while position + 12 <= len(data):
        name = data[position + 4 : position + 8]
        end = position + 12 + int.from_bytes(data[position : position + 4], "big")
        if end > len(data):
            break
        yield Chunk(name, position, end)
        if name == b"IEND":
            return
        position = end
        others += name not in (b"IDAT", b"fdAT")
        if others > MAX_SEGMENTS:
            raise CorruptImage(f"The PNG has more than {MAX_SEGMENTS} chunks.")


def read(data: bytes, *, whole: bool = True) -> Parts:
    """Read the header of a PNG and leave its metadata behind.

    A missing end mark is forgiven; `has_all_pixels` checks whether pixels are missing as well.

    Args:
        whole: False where `data` is only the start of the file. Metadata behind it, which hardly
            ever turns a PNG, is then not missed.
    Raises:
        CorruptImage: cut off before its pixels, or a needed chunk is damaged.
        TooManyPixels: more frames than any animation has.
        HeadTooShort: the header comes after what is here.
    """
    picture = [SIGNATURE]
    header, exif, profile, gamma, srgb = b"", b"", b"", b"", False
    frames, plays = 1, 1
    notes: list[str] = []
    points: tuple[int, int] | None = None
    behind = len(SIGNATURE)
    for name, start, end in chunks(data):
        behind = end
        if name in STILL or name in ANIMATION:
            picture.append(data[start:end])
        body = memoryview(data)[start + 8 : end - 4]
        if name == b"IHDR":
            header = bytes(body)
        elif name == b"acTL" and len(body) >= 8:
            frames = max(1, int.from_bytes(body[:4], "big"))
            plays = int.from_bytes(body[4:8], "big")
            check_frames(frames)
        elif name == b"eXIf":
            exif = bytes(body[:MAX_EXIF_BYTES])
        elif name == b"zTXt" and bytes(body[:22]) == b"Raw profile type exif\0" and not exif:
            exif = _raw_profile(bytes(body))
        elif name == b"iCCP":
            profile = inflate(bytes(body).partition(b"\0")[2][1:], MAX_PROFILE_BYTES)
            if not profile:
                notes.append(PROFILE_NOTE)
        elif name == b"gAMA":
            gamma = bytes(body)
        elif name == b"sRGB":
            srgb = True
        elif name == b"cICP" and len(body) >= 2:
            points = body[0], body[1]
    if points and not profile:
        notes += code_points_note(*points)
    if not whole and not header:
        raise HeadTooShort
    if len(header) != 13:
        raise CorruptImage("The PNG has no usable header.")
    if whole and not picture[-1].startswith(b"IEND", 4):
        if frames > 1:
            # Decoders take the frames that are there for all.
            raise CorruptImage(CUT_OFF)
        picture += [_cut_pixels(data[behind:]), END]
        notes.append(NO_END_NOTE)
    return Parts(
        format="png",
        size=(int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")),
        data=b"".join(picture),
        orientation=orientation.of(exif),
        icc_profile=profile or None,
        gamma=None if srgb or profile else _gamma(gamma),
        frames=frames,
        plays=plays,
        notes=tuple(notes),
    )


def has_all_pixels(data: bytes) -> bool:
    """Whether the pixels can be unpacked to the last one and their check sum is right.

    The header is to be within its limits, as all of the pixels are unpacked, bit by bit.
    """
    bodies: dict[bytes, list[bytes]] = {b"IHDR": [], b"IDAT": []}
    for name, start, end in chunks(data):
        bodies.get(name, []).append(data[start + 8 : end - 4])
    header, packed = bodies[b"IHDR"][0], b"".join(bodies[b"IDAT"])
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    row_bytes = (width * header[8] * CHANNELS.get(header[9], 1) + 7) // 8
    # Interlaced pixels take at most twice the bytes.
    least = height * (row_bytes + 1)
    machine, unpacked = zlib.decompressobj(), 0
    while packed and unpacked <= 2 * least:
        try:
            unpacked += len(machine.decompress(packed, AT_ONCE_BYTES))
        except zlib.error:
            return False
        packed = machine.unconsumed_tail
    return machine.eof and unpacked >= least


def _cut_pixels(rest: bytes) -> bytes:
    """What is there of a chunk of pixels that the file ends in, as a whole chunk."""
    body = rest[8 : 8 + int.from_bytes(rest[:4], "big")]
    if rest[4:8] != b"IDAT" or not body:
        return b""
    check = zlib.crc32(b"IDAT" + body)
    return len(body).to_bytes(4, "big") + b"IDAT" + body + check.to_bytes(4, "big")


def still(data: bytes) -> bytes:
    """The file without its animation: the picture that decoders without APNG show."""
    picture = [SIGNATURE]
    picture += [data[start:end] for name, start, end in chunks(data) if name in STILL]
    return b"".join(picture)


def inflate(packed: bytes, limit: int) -> bytes:
    """Unpack at most `limit` bytes; b"" where the data is broken or longer than that."""
    machine = zlib.decompressobj()
    try:
        plain = machine.decompress(packed, limit)
    except zlib.error:
        return b""
    return plain if machine.eof else b""


def _raw_profile(body: bytes) -> bytes:
    """EXIF as ImageMagick wrote it before eXIf existed: a name, a length, then hex digits."""
    text = inflate(body[23:], MAX_EXIF_BYTES).split()
    try:
        return bytes.fromhex(b"".join(text[2:]).decode("ascii"))
    except ValueError:
        return b""


def _gamma(body: bytes) -> float | None:
    """The exponent of a gAMA chunk where it differs visibly from the usual one."""
    value = int.from_bytes(body[:4], "big") / 100_000
    # Outside these bounds it is a mistake rather than a gamma.
    if not 0.1 <= value <= 10 or abs(value - SRGB_GAMMA) < GAMMA_TOLERANCE:
        return None
    return value
