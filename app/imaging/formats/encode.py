"""Upright sRGB pixels to a file in any format that is written; nothing but pixels in it."""

import re
from collections.abc import Callable

from PIL import Image

from app.imaging.formats import avif, gif, jpeg, png, tiff, webp

# What libwebp (errors 1 and 2), libavif and Pillow's palettes say instead of "no memory".
NO_MEMORY = re.compile(r"[Mm]emory|encoding error [12]\b|Encoding of \w+ planes|quantization error")
ENCODERS: dict[str, Callable[[Image.Image, int], bytes]] = {
    "jpeg": jpeg.encode,
    "png": png.encode,
    "webp": webp.encode,
    "avif": avif.encode,
    "gif": gif.encode,
    "tiff": tiff.encode,
}


def encode(image: Image.Image, format: str, quality: int) -> bytes:  # noqa: A002
    """Write one picture.

    JPEG has no transparency, so pixels are laid on white. PNG and GIF cannot be lossy: PNG of
    quality 100 loses nothing, below that it takes a palette of 256 colours (fewer below quality
    50) where that is smaller and there is memory for it; GIF always has such a palette. TIFF is
    JPEG-compressed where it is opaque and quality is below 100, else Deflate.

    Args:
        image: mode L, LA, RGB or RGBA.
        format: jpeg, png, webp, avif, gif or tiff.
        quality: 1 (smallest) to 100 (best).
    Raises:
        MemoryError: the encoder needs more than this process may have.
    """
    try:
        return ENCODERS[format](image, quality)
    except (OSError, RuntimeError, ValueError) as error:
        if NO_MEMORY.search(str(error)):
            raise MemoryError(str(error)) from error
        raise


def most_pixels(format: str, *, alpha: bool) -> int | None:  # noqa: A002
    """The most pixels that the format's encoder has memory for; None: all that can be decoded."""
    if format == "avif":
        return avif.MOST_PX
    return webp.MOST_CLEAR_PX if format == "webp" and alpha else None
