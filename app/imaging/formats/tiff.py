"""TIFF by Pillow: JPEG-compressed where that is possible and wanted, else Deflate."""

from PIL import Image

from app.imaging.formats.save import save

LOSSLESS_QUALITY = 100


def encode(image: Image.Image, quality: int) -> bytes:
    """A TIFF file."""
    if quality < LOSSLESS_QUALITY and image.mode in ("L", "RGB"):
        return save(image, "TIFF", compression="jpeg", quality=quality)
    return save(image, "TIFF", compression="tiff_adobe_deflate")
