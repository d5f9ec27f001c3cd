"""From a file's parts to upright sRGB pixels."""

from typing import NamedTuple

import numpy as np
import simplejpeg
from PIL import Image

from app.domain.errors import CorruptImage, ImageError, UnsupportedFormat
from app.domain.formats import FORMATS
from app.imaging.files import jpeg, png, webp
from app.imaging.files.bare.jpeg import CUT_OFF, NO_END_NOTE, mend
from app.imaging.files.limits import check_pixels
from app.imaging.files.orientation import upright_size
from app.imaging.files.parts import Parts
from app.imaging.files.pillow import open_image
from app.imaging.steps.colour import to_srgb
from app.imaging.steps.orient import turn_upright

STRAY_BYTES = "extraneous bytes before marker 0xd9"
STRAY_NOTE = "The JPEG has stray bytes after its pixels; it may have been damaged."
# libjpeg's first warning in each of these cases; the pixels after it are guesses.
DAMAGE = ("Corrupt JPEG data", "Premature end", "Invalid progressive", "Inconsistent progression")
CMYK_SPACES = frozenset({"CMYK", "YCCK"})
WHITE_IS_ZERO, PHOTOMETRIC_TAG = 0, 262
# Scaled decoding averages; from this multiple of the final size on it looks like a resize.
SPARE_SCALE = 2


class Picture(NamedTuple):
    """Upright sRGB pixels of mode L, LA, RGB or RGBA.

    `recoloured` tells whether the numbers are other than in the file; `size` is the full size, also
    where the decoder already scaled down.
    """

    image: Image.Image
    size: tuple[int, int]
    recoloured: bool
    notes: tuple[str, ...]


def decode(parts: Parts, max_pixels: int, target: tuple[int, int] | None = None) -> Picture:
    """Decode the first frame.

    Args:
        parts: the file.
        max_pixels: the largest picture that may be decoded.
        target: the upright size that will be needed; JPEGs are then decoded smaller where that
            costs no quality.
    Raises:
        CorruptImage, TooManyPixels, UnsupportedFormat.
    """
    try:
        # One name for all stages, so that no second copy of a large picture is kept alive.
        if parts.format == "jpeg":
            image, notes = _decode_jpeg(parts, max_pixels, target)
        else:
            image, notes = _decode_by_pillow(parts, max_pixels), ()
        image, changed, colour_notes = to_srgb(image, parts.icc_profile, parts.gamma)
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        raise failure(error, parts.format) from error
    scaled = target is not None and parts.format == "jpeg"
    image = turn_upright(image, parts.orientation)
    size = parts.upright_size if scaled else image.size
    return Picture(drop_opaque_alpha(image), size, changed, (*parts.notes, *notes, *colour_notes))


def failure(error: Exception, format: str) -> Exception:  # noqa: A002
    """The error for a decoder's exception: no memory, or a damaged file."""
    if "memory" in str(error).lower():
        return MemoryError(str(error))
    name = FORMATS[format].pillow
    if "truncated" in str(error).lower():
        return CorruptImage(f"The {name} file is cut off.")
    return CorruptImage(f"The {name} file is damaged and cannot be decoded.")


def decode_array(data: bytes, colorspace: str, **limits: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Decode a JPEG by libjpeg-turbo, and refuse a file of which it would guess pixels.

    What is odd about the frame around the pixels costs a second try and a note.

    Raises:
        CorruptImage: cut off or damaged.
        ValueError: TurboJPEG cannot decode this kind of JPEG.
    """
    try:
        return simplejpeg.decode_jpeg(data, colorspace, strict=True, **limits), ()
    except ValueError as error:
        if not str(error).startswith(DAMAGE):
            raise
    mended, notes = mend(data)
    try:
        return simplejpeg.decode_jpeg(mended, colorspace, strict=True, **limits), notes
    except ValueError as error:
        # The decoder warns of these when it has all pixels.
        if STRAY_BYTES not in str(error):
            if str(error).startswith(DAMAGE):
                raise CorruptImage(CUT_OFF) from error
            raise
    pixels = simplejpeg.decode_jpeg(mended, colorspace, strict=False, **limits)
    return pixels, (*notes, STRAY_NOTE)


def _decode_jpeg(
    parts: Parts, max_pixels: int, target: tuple[int, int] | None
) -> tuple[Image.Image, tuple[str, ...]]:
    stored = None if target is None else upright_size(target, parts.orientation)
    try:
        return _by_turbojpeg(parts.data, max_pixels, stored)
    except ValueError as error:
        if "memory" in str(error).lower():
            raise MemoryError(str(error)) from error
    mended, odd = mend(parts.data)
    if odd:
        try:
            image, notes = _by_turbojpeg(mended, max_pixels, stored)
        except ValueError:
            if NO_END_NOTE in odd:
                # In a file with an end mark, Pillow takes gray for the pixels that are missing.
                raise CorruptImage(CUT_OFF) from None
        else:
            return image, (*odd, *notes)
    # Unusual sampling factors and the like: Pillow drives libjpeg's fuller interface.
    with open_image(mended, "jpeg", max_pixels) as opened:
        opened.load()
        return opened.copy(), odd


def read_header(data: bytes) -> tuple[tuple[int, int], str, str]:
    """Size, colour space and sampling of a JPEG, by TurboJPEG's names.

    Raises:
        ValueError: a kind that TurboJPEG does not know, or has no name for.
    """
    try:
        height, width, space, sampling = simplejpeg.decode_jpeg_header(data, strict=False)
    except KeyError as error:
        raise ValueError(f"There is no name for sampling {error}.") from error
    return (int(width), int(height)), space, sampling


def _by_turbojpeg(
    data: bytes, max_pixels: int, stored: tuple[int, int] | None
) -> tuple[Image.Image, tuple[str, ...]]:
    """The pixels, decoded smaller where `stored` says that a smaller size will be needed."""
    (width, height), space, _ = read_header(data)
    check_pixels(width, height, max_pixels)
    limits = {}
    if stored is not None:
        limits = {
            "min_width": min(width, stored[0] * SPARE_SCALE),
            "min_height": min(height, stored[1] * SPARE_SCALE),
        }
    if space in CMYK_SPACES:
        array, notes = decode_array(data, "CMYK", **limits)
        if jpeg.has_adobe_marker(data):
            np.subtract(255, array, out=array)
        return Image.fromarray(array, "CMYK"), notes
    array, notes = decode_array(data, "GRAY" if space == "Gray" else "RGB", **limits)
    return Image.fromarray(array[:, :, 0] if space == "Gray" else array), notes


def _decode_by_pillow(parts: Parts, max_pixels: int) -> Image.Image:
    loaded, inverted = _load(parts, max_pixels)
    normal = normalise(loaded)
    if inverted and loaded.mode.startswith("I;16"):
        # Pillow inverts such TIFFs of 8 bits itself, but not those of 16.
        return normal.point([255 - step for step in range(256)])
    return normal


def _load(parts: Parts, max_pixels: int) -> tuple[Image.Image, bool]:
    """The first frame's pixels, and whether a TIFF says that zero is white.

    The pixels come without the file and its decoder, which can hold as much memory again.
    """
    if parts.format == "webp":
        webp.need_memory(parts.size)
    if png.NO_END_NOTE in parts.notes and not png.has_all_pixels(parts.data):
        raise CorruptImage(png.CUT_OFF)
    data = png.still(parts.data) if parts.format == "png" and parts.frames > 1 else parts.data
    with open_image(data, parts.format, max_pixels) as image:
        image.load()
        # A TIFF may have been turned, a GIF's screen widened by its first frame.
        check_pixels(*image.size, max_pixels)
        inverted = getattr(image, "tag_v2", {}).get(PHOTOMETRIC_TAG) == WHITE_IS_ZERO
        return image._new(image.im), inverted


def normalise(image: Image.Image) -> Image.Image:
    """Bring any mode that the readers produce to L, LA, RGB, RGBA, CMYK or LAB of 8 bits.

    The same object comes back where nothing is to do.

    Raises:
        UnsupportedFormat: pixels that mean nothing without more knowledge, such as 32-bit floats.
    """
    if image.mode.startswith("I;16"):
        return _from_16_bits(image)
    if image.mode in ("F", "I"):
        raise UnsupportedFormat(
            "The picture has 32 bits a channel. Please use one of 8 or 16 bits."
        )
    if image.mode in ("CMYK", "LAB"):
        return image
    gray = image.mode in ("1", "L", "LA", "La")
    wanted = ("LA" if gray else "RGBA") if image.has_transparency_data else ("L" if gray else "RGB")
    return image if image.mode == wanted else image.convert(wanted)


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Gray of 16 bits: the high byte is what a screen shows."""
    values = np.asarray(image)
    gray = Image.fromarray((values >> 8).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        gray.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return gray


def drop_opaque_alpha(image: Image.Image) -> Image.Image:
    """Remove an alpha channel that is opaque everywhere: it costs bytes in every format."""
    if image.mode not in ("LA", "RGBA"):
        return image
    lowest = image.getchannel("A").getextrema()[0]
    return image.convert(image.mode[:-1]) if lowest == 255 else image
