"""The first bytes of a file: is it a picture, of which format, and of how many pixels."""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.errors import CorruptImage
from app.imaging.files import gif, jpeg, png, webp
from app.imaging.files.bare import jpeg as bare_jpeg
from app.imaging.files.limits import check_pixels
from app.imaging.files.parts import HeadTooShort, Parts
from app.imaging.files.sniff import FRONT_NOTE, identify, without_front
from app.imaging.heads import bitmaps, ends, iso, tiff

NO_SIZE_NOTE = "The pixel size is not in the first bytes of the file; it was not checked."
NO_END_NOTE = "The JPEG has no end mark; whether pixels are missing was not checked."

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Head:
    """What a picture is.

    `format` is a key of `domain.formats.FORMATS`. `size` is in pixels as the picture is seen
    (upright), or None where that comes later in the file; then `notes` say so.
    """

    format: str
    size: Size | None
    notes: tuple[str, ...] = ()


def look(data: bytes, *, whole: bool, max_pixels: int) -> Head:
    """Look at the first bytes of a file; what they say of it is what compressing it would find.

    Args:
        data: at least the first bytes that tell a format; nothing in them is trusted.
        whole: whether this is all of the file: then it is cut off where it ends too early.
        max_pixels: the most pixels that a picture may have.
    Raises:
        NotAnImage, UnsupportedFormat, TooManyPixels: as `imaging.compress` does.
        CorruptImage: as far as these bytes show it.
    """
    name = identify(data)
    file = without_front(data)
    notes = () if file is data else (FRONT_NOTE,)
    try:
        parts = READERS[name](file, whole=whole) if name in READERS else None
        size = parts.upright_size if parts is not None else SIZES[name](file)
    except HeadTooShort as short:
        if short.stored is not None:
            check_pixels(*short.stored, max_pixels)
        return Head(name, None, (*notes, NO_SIZE_NOTE))
    check_pixels(*size, max_pixels)
    if whole and parts is not None and name in ENDS:
        notes = (*notes, *ENDS[name](file, parts))
    return Head(name, size, notes)


def _jpeg_end(data: bytes, _: Parts) -> tuple[str, ...]:
    """Notes on the end of a whole JPEG.

    Raises:
        CorruptImage: it is missing, with pixels before it.
    """
    segments = list(jpeg.segments(data))
    if bare_jpeg.has_its_end(data, segments):
        return ()
    whole = ends.jpeg_is_whole(data, segments)
    if whole is False:
        raise CorruptImage(bare_jpeg.CUT_OFF)
    return (bare_jpeg.NO_END_NOTE if whole else NO_END_NOTE,)


def _png_end(_: bytes, parts: Parts) -> tuple[str, ...]:
    """As `_jpeg_end`, for a PNG, whose reader has noted a missing end."""
    if png.NO_END_NOTE not in parts.notes:
        return ()
    if not png.has_all_pixels(parts.data):
        raise CorruptImage(png.CUT_OFF)
    return (png.NO_END_NOTE,)


READERS: dict[str, Callable[..., Parts]] = {
    "jpeg": jpeg.read,
    "png": png.read,
    "webp": webp.read,
    "gif": gif.read,
}
# The codec reads the other formats by a decoder; their sizes are read here.
SIZES: dict[str, Callable[[bytes], Size]] = {
    "avif": iso.avif_size,
    "heic": iso.heic_size,
    "tiff": tiff.size,
    "bmp": bitmaps.bmp_size,
    "ico": bitmaps.ico_size,
}
# What the end of a whole file tells, after its header.
ENDS: dict[str, Callable[[bytes, Parts], tuple[str, ...]]] = {"jpeg": _jpeg_end, "png": _png_end}
