"""TIFF by Pillow: as a fax where it is black and white, else by JPEG or Deflate."""

from PIL import Image

from app.imaging.formats.save import save

LOSSLESS_QUALITY = 100


def encode(image: Image.Image, quality: int) -> bytes:
    """A TIFF file."""
    deflated = {"compression": "tiff_adobe_deflate"}
    if _is_black_and_white(image):
        bits = image.convert("1", dither=Image.Dither.NONE)
        return min(
            save(bits, "TIFF", compression="group4"), save(bits, "TIFF", **deflated), key=len
        )
    if quality < LOSSLESS_QUALITY and image.mode in ("L", "RGB"):
        return save(image, "TIFF", compression="jpeg", quality=quality)
    return save(image, "TIFF", **deflated)


def _is_black_and_white(image: Image.Image) -> bool:
    levels = image.getcolors(2) if image.mode == "L" else None
    return levels is not None and {level for _, level in levels} <= {0, 255}
