"""Pixels of a palette, for PNG and GIF."""

import numpy as np
from PIL import Image

from app.imaging.steps.strips import strips

MOST_COLOURS, FEWEST_COLOURS, FULL_QUALITY = 256, 16, 50
# The palette of a photograph is the same when taken from a smaller copy, at a tenth of the time.
SAMPLE_PX = 512
OPAQUE = 255


def exact_palette(image: Image.Image) -> Image.Image | None:
    """The same pixels by palette where they have at most 256 colours: drawings, logos, scans."""
    if image.mode == "L":
        return None
    counted = image.getcolors(MOST_COLOURS)
    if counted is None:
        return None
    colours = np.sort(np.array([_packed(colour) for _, colour in counted], dtype="<u4"))
    # Alpha is the highest byte, so the transparent ones come first: PNG stores alpha only up to the
    # last entry that has any.
    indexes = np.empty((image.height, image.width), dtype=np.uint8)
    for top, strip in strips(image):
        pixels = np.asarray(strip.convert("RGBA")).view("<u4")[:, :, 0]
        indexes[top : top + strip.height] = np.searchsorted(colours, pixels)
    table = colours.tobytes()
    result = Image.fromarray(indexes)
    result.putpalette(b"".join(table[at : at + 3] for at in range(0, len(table), 4)), "RGB")
    alphas = table[3::4]
    if min(alphas) < OPAQUE:
        result.info["transparency"] = alphas
    return result


def reduce_colours(image: Image.Image, quality: int) -> Image.Image:
    """The closest picture of at most 256 colours, fewer below quality 50."""
    share = min(1.0, quality / FULL_QUALITY)
    colours = max(FEWEST_COLOURS, round(MOST_COLOURS * share))
    if image.mode in ("LA", "RGBA"):
        # `convert` copies even where nothing is to do.
        full = image if image.mode == "RGBA" else image.convert("RGBA")
        return full.quantize(colours, Image.Quantize.FASTOCTREE)
    sample = image.copy()
    sample.thumbnail((SAMPLE_PX, SAMPLE_PX))
    palette = sample.quantize(colours, Image.Quantize.MEDIANCUT)
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _packed(colour: object) -> int:
    """A colour of mode LA, RGB or RGBA as the number that its four bytes make."""
    parts = colour if isinstance(colour, tuple) else (colour,)
    alpha = parts[-1] if len(parts) in (2, 4) else OPAQUE
    red, green, blue = parts[:3] if len(parts) > 2 else (parts[0],) * 3
    return int(red | green << 8 | blue << 16 | alpha << 24)
