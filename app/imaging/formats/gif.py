"""GIF by Pillow; it always has a palette."""

from PIL import Image

from app.imaging.formats.palette import exact_palette, reduce_colours
from app.imaging.formats.save import save


def encode(image: Image.Image, quality: int) -> bytes:
    """A GIF file."""
    if image.mode != "RGB":
        # Gray is a palette already; with alpha, Pillow's writer picks the one transparent index.
        return save(image, "GIF")
    return save(exact_palette(image) or reduce_colours(image, quality), "GIF")
