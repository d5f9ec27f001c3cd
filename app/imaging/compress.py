"""Bytes of a picture in, bytes of a smaller one out; pure CPU, no I/O.

The order: what is it (`files/sniff.py`), what does its header ask for (`files/jpeg.py`,
`files/png.py`, ...), is that within the limits, then the first rung of the ladder that can do it.
"""

from collections.abc import Callable
from dataclasses import replace

from app.domain.formats import FORMATS
from app.domain.picture_options import PictureOptions
from app.imaging.files import gif, heic, jpeg, pillow, png, webp
from app.imaging.files.limits import check_pixels
from app.imaging.files.parts import Parts
from app.imaging.files.sniff import FRONT_NOTE, identify, without_front
from app.imaging.formats.jpeg import FULL_CHROMA_QUALITY
from app.imaging.result import CompressedImage
from app.imaging.rungs import general as general_rung
from app.imaging.rungs import jpeg as jpeg_rung

READERS: dict[str, Callable[[bytes], Parts]] = {
    "jpeg": jpeg.read,
    "png": png.read,
    "webp": webp.read,
    "gif": gif.read,
}

Rung = Callable[[Parts, PictureOptions, int], CompressedImage | None]

# From fast and narrow to slow and general; a rung answers None for what it leaves to the next.
LADDER: tuple[Rung, ...] = (jpeg_rung.compress, general_rung.compress)


def compress(data: bytes, options: PictureOptions, *, max_pixels: int) -> CompressedImage:
    """Compress one picture.

    The result is upright, is in sRGB and carries no metadata. Animations stay animated for
    `webp` and `keep`; otherwise the first frame is taken, of a TIFF the first page.

    Args:
        data: the file as it was fetched; nothing in it is trusted.
        options: format, quality, sizes, largest file.
        max_pixels: the most pixels that may be decoded, all kept frames together.
    Raises:
        NotAnImage: a web page, text, nothing at all.
        UnsupportedFormat: a picture, document or film that is not read here.
        CorruptImage: cut off or damaged.
        TooManyPixels: more pixels or frames than allowed, by the file's header.
    """
    parts = read_parts(data, max_pixels)
    for rung in LADDER:
        result = rung(parts, options, max_pixels)
        if result is not None:
            return _with_note_on_bytes(result, options, len(data))
    raise AssertionError("the last rung takes every picture")


def _with_note_on_bytes(
    result: CompressedImage, options: PictureOptions, source_bytes: int
) -> CompressedImage:
    """Say so where a drawing became larger as a JPEG, which is made for photos."""
    if result.format != "jpeg" or result.source_format == "jpeg":
        return result
    # Who asks for the best quality expects more bytes.
    if options.quality >= FULL_CHROMA_QUALITY:
        return result
    if len(result.data) <= source_bytes:
        return result
    source = FORMATS[result.source_format]
    smaller = "format=webp" if source.kept_as == "jpeg" else "format=keep or format=webp"
    note = f"The JPEG is larger than its {source.label} source; {smaller} gives a smaller file."
    return replace(result, notes=(*result.notes, note))


def read_parts(data: bytes, max_pixels: int) -> Parts:
    """Read a file's own structure, within the limits, without decoding."""
    name = identify(data)
    if name == "heic":
        heic.load_reader()
    file = without_front(data)
    reader = READERS.get(name)
    parts = reader(file) if reader else pillow.read(file, name, max_pixels)
    check_pixels(*parts.size, max_pixels)
    return parts if file is data else replace(parts, notes=(FRONT_NOTE, *parts.notes))
