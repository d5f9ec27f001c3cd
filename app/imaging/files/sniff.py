"""What the bytes are, by their first bytes: a picture we read, one we do not, or none at all."""

import re
from typing import NamedTuple

from app.domain.errors import NotAnImage, UnsupportedFormat
from app.domain.formats import advised_labels

HEAD_BYTES = 1024
USE_INSTEAD = f"Please use {advised_labels()}."


class Signature(NamedTuple):
    """What a file begins with, and what people call such a file."""

    prefix: bytes
    name: str


# Pictures and films that people do put into such columns, each with its magic number.
UNSUPPORTED = (
    Signature(b"8BPS", "a Photoshop file (PSD)"),
    Signature(b"\xff\x0a", "a JPEG XL picture"),
    Signature(b"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    Signature(b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    Signature(b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    Signature(b"%!PS", "a PostScript file (EPS)"),
    Signature(b"\xc5\xd0\xd3\xc6", "a PostScript file (EPS)"),
    Signature(b"icns", "an Apple icon (ICNS)"),
    Signature(b"DDS ", "a DirectDraw texture (DDS)"),
    Signature(b"gimp xcf", "a GIMP file (XCF)"),
    Signature(b"#?RADIANCE", "a Radiance HDR picture"),
    Signature(b"v/1\x01", "an OpenEXR picture"),
    Signature(b"II\xbc\x01", "a JPEG XR picture"),
    Signature(b"IIRO", "a camera raw file"),
    Signature(b"FUJIFILMCCD-RAW", "a camera raw file"),
    Signature(b"qoif", "a QOI picture"),
    Signature(b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
    Signature(b"FLV", "a video (FLV)"),
    Signature(b"\x00\x00\x01\xba", "a video (MPEG)"),
    Signature(b"\x00\x00\x01\xb3", "a video (MPEG)"),
)
PDF = Signature(b"%PDF-", "a PDF document")
NOT_PICTURES = (
    Signature(b"PK\x03\x04", "a ZIP archive or an Office document"),
    Signature(b"\x1f\x8b", "a gzip archive"),
    Signature(b"Rar!", "a RAR archive"),
    Signature(b"7z\xbc\xaf", "a 7-Zip archive"),
    Signature(b"\xd0\xcf\x11\xe0", "an Office document"),
    Signature(b"\x7fELF", "a program"),
    Signature(b"MZ", "a program"),
    Signature(b"ID3", "a sound file"),
    Signature(b"OggS", "a sound file"),
)
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# BITMAPCOREHEADER has sides of 16 bits; all later headers have them of 32, below zero upside down.
CORE_HEADER_BYTES = 12
LATER_HEADER_BYTES = frozenset({40, 52, 56, 64, 108, 124})
# By the length of the header, where it says that the picture has one plane.
BITMAP_HEADERS = {CORE_HEADER_BYTES: 22} | dict.fromkeys(LATER_HEADER_BYTES, 26)
AVIF_BRANDS = {b"avif", b"avis"}
# A page may begin with comments, and an XML declaration.
WEB_PAGE = re.compile(
    rb"(?>(?:<!--.*?-->\s*|<\?xml\b.*?\?>\s*)*)"
    rb"<(?:!doctype\s+html|html|head|body|script|title|meta|div|p|h1|a|iframe|style|center)\b",
    re.DOTALL,
)
# No text has these, whatever its language; a tab, line breaks, a form feed and escape it may have.
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# What a script leaves in front of a picture: line breaks behind its end, a byte order mark.
FRONT = re.compile(rb"(?:\xef\xbb\xbf|[\t\n\r ])+")
FRONT_NOTE = "Blank characters before the picture were skipped."


def identify(data: bytes) -> str:
    """The name of the format the bytes are in, a key of `domain.formats.FORMATS`.

    Raises:
        NotAnImage: nothing that could be a picture; the message names what it looks like.
        UnsupportedFormat: a picture, a document or a film that this service does not read.
    """
    if not data:
        raise NotAnImage("The address answered with an empty file.")
    head = without_front(data)[:HEAD_BYTES]
    known = _readable(head)
    if known is not None:
        return known
    for signature in (*UNSUPPORTED, PDF):
        if head.startswith(signature.prefix):
            raise UnsupportedFormat(f"This is {signature.name}, which is not read. {USE_INSTEAD}")
    if head[4:8] == b"ftyp":
        raise UnsupportedFormat(
            f"This is a video (MP4 or QuickTime), which is not read. {USE_INSTEAD}"
        )
    if head.startswith(b"RIFF"):
        kind = "a video (AVI)" if head[8:12] == b"AVI " else "a RIFF file that holds no picture"
        raise UnsupportedFormat(f"This is {kind}, which is not read. {USE_INSTEAD}")
    for signature in NOT_PICTURES:
        if head.startswith(signature.prefix):
            raise NotAnImage(f"The address answered with {signature.name}, not a picture.")
    _refuse_text(head)
    raise NotAnImage("The file is in no picture format that is known here.")


def without_front(data: bytes) -> bytes:
    """The file from its first byte on, where blank characters precede a picture we read.

    The same object comes back where nothing is to do.
    """
    front = FRONT.match(data, 0, HEAD_BYTES)
    if front is None or _readable(data[front.end() : front.end() + HEAD_BYTES]) is None:
        return data
    return data[front.end() :]


def _readable(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00\x08\x00", b"MM\x00+\x00\x08")):
        return "tiff"
    if head.startswith(b"BM") and _is_bitmap(head):
        return "bmp"
    if head.startswith(b"\x00\x00\x01\x00") and head[4:6] != b"\0\0":
        return "ico"
    if head[4:8] == b"ftyp":
        brands = _brands(head)
        if brands & AVIF_BRANDS:
            return "avif"
        if brands & HEIF_BRANDS:
            return "heic"
    return None


def _is_bitmap(head: bytes) -> bool:
    """Whether more than two letters say so: a reserved field of zeros, or a header that is known.

    Old programs put the hot spot of a pointer into the reserved field.
    """
    planes_at = BITMAP_HEADERS.get(int.from_bytes(head[14:18], "little"), 0)
    known = planes_at and head[planes_at : planes_at + 2] == b"\1\0"
    return len(head) >= 26 and (bool(known) or head[6:10] == b"\0\0\0\0")


def _brands(head: bytes) -> set[bytes]:
    """Major and compatible brands of an ISO media file. Source: ISO/IEC 14496-12, 4.3."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12]} | {head[start : start + 4] for start in range(16, end - 3, 4)}


def _refuse_text(head: bytes) -> None:
    """Name what is text, by how it begins; a few letters within bytes of another kind say nothing.

    Raises:
        NotAnImage, UnsupportedFormat: it is text.
    """
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = text[2:].replace(b"\0", b"")
    text = text.lstrip().lower()
    if WEB_PAGE.match(text):
        raise NotAnImage("The address answered with a web page (HTML), not a picture.")
    if BINARY.search(text):
        return
    if text.startswith(b"<") and b"<svg" in text:
        raise UnsupportedFormat(f"This is a vector drawing (SVG), which is not read. {USE_INSTEAD}")
    if text.startswith(b"<"):
        raise NotAnImage("The address answered with XML, not a picture.")
    if text.startswith((b"{", b"[")):
        raise NotAnImage("The address answered with JSON, not a picture.")
    raise NotAnImage("The address answered with text, not a picture.")
