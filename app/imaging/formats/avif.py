"""AVIF by Pillow."""

from typing import Any

from PIL import Image

from app.imaging.formats.save import save

# What fits into the memory of a codec child: with the picture, libavif and libaom reserve 37 bytes
# a pixel. `python -m benchmarks pictures` shows it.
MOST_PX = 16_000_000
# libaom's speeds 0 (slow, small) to 10: slower steps only where they cost well under a second.
SPEEDS = ((2_000_000, 6), (12_000_000, 8))
FASTEST_SPEED = 9


def encoder_options(pixels: int, quality: int) -> dict[str, Any]:
    """What Pillow passes to libavif for a picture or animation of `pixels` in all."""
    speed = next((speed for limit, speed in SPEEDS if pixels <= limit), FASTEST_SPEED)
    return {"quality": quality, "speed": speed, "max_threads": 1}


def encode(image: Image.Image, quality: int) -> bytes:
    """An AVIF file."""
    return save(image, "AVIF", **encoder_options(image.width * image.height, quality))
