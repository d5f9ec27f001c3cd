"""The first bytes of a file: is it a picture, of which format, and of how many pixels."""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.errors import CorruptImage
from app.imaging.files import gif, heic, jpeg, png, webp
from app.imaging.files.limits import check_pixels
from app.imaging.files.parts import HeadTooShort, Parts
from app.imaging.files.sniff import identify
from app.imaging.heads import bitmaps, iso, tiff

NO_SIZE_NOTE = "The pixel size is not in the first bytes of the file; it was not checked."

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
    if name == "heic":
        heic.need_installed()
    try:
        size = READERS[name](data, whole)
    except HeadTooShort as short:
        if short.stored is not None:
            check_pixels(*short.stored, max_pixels)
        return Head(name, None, (NO_SIZE_NOTE,))
    check_pixels(*size, max_pixels)
    return Head(name, size)


def _of(read: Callable[..., Parts]) -> Callable[[bytes, bool], Size]:
    return lambda data, whole: read(data, whole=whole).upright_size


def _jpeg_size(data: bytes, whole: bool) -> Size:
    parts = jpeg.read(data, whole=whole)
    if whole and not jpeg.has_its_end(data):
        raise CorruptImage("The JPEG is cut off or damaged.")
    return parts.upright_size


READERS: dict[str, Callable[[bytes, bool], Size]] = {
    "jpeg": _jpeg_size,
    "png": _of(png.read),
    "webp": _of(webp.read),
    "gif": _of(gif.read),
    "avif": lambda data, _: iso.avif_size(data),
    "heic": lambda data, _: iso.heic_size(data),
    "tiff": lambda data, _: tiff.size(data),
    "bmp": lambda data, _: bitmaps.bmp_size(data),
    "ico": lambda data, _: bitmaps.ico_size(data),
}
