"""Transparent pixels onto white."""

from PIL import Image

from app.imaging.steps.strips import strips

WHITE = 255


def flatten(image: Image.Image) -> Image.Image:
    """Lay transparent pixels on white; the same object where there are none."""
    if image.mode not in ("LA", "RGBA"):
        return image
    paper = Image.new(image.mode[:-1], image.size, WHITE if image.mode == "LA" else (WHITE,) * 3)
    for top, strip in strips(image):
        paper.paste(strip.convert(paper.mode), (0, top), strip.getchannel("A"))
    return paper
