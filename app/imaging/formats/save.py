"""Pillow's writers, into memory."""

from io import BytesIO
from typing import Any

from PIL import Image


def save(image: Image.Image, pillow_format: str, **options: Any) -> bytes:
    """The file that Pillow writes, in memory."""
    out = BytesIO()
    image.save(out, pillow_format, **options)
    return out.getvalue()
