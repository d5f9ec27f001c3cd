"""WebP by Pillow."""

from PIL import Image

from app.imaging.formats.save import save

METHOD = 4
# From here on method 3: the same bytes within 1 %, but 4 bytes a pixel less memory with alpha.
LARGE_PX, LARGE_METHOD = 8_000_000, 3
# What fits into the memory of a codec child: with the picture, libwebp with its lossless alpha
# reserves 29 bytes a pixel. `python -m benchmarks pictures` shows it.
MOST_CLEAR_PX = 20_000_000


def encode(image: Image.Image, quality: int) -> bytes:
    """A WebP file."""
    large = image.width * image.height > LARGE_PX
    method = LARGE_METHOD if large else METHOD
    return save(image, "WEBP", quality=quality, method=method)
