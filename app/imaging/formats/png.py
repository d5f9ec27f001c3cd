"""PNG by Pillow: true colour, or a palette where that is smaller."""

from PIL import Image

from app.imaging.formats.palette import exact_palette, reduce_colours
from app.imaging.formats.save import save

LOSSLESS_QUALITY = 100
# Deflate's highest levels take 20 times as long on photographs, to save 2 %, and twice as long on
# their palettes, to save 0.1 %. Drawings gain by them.
TRUE_COLOUR_LEVEL, DITHERED_LEVEL, DRAWING_LEVEL, LARGE_DRAWING_LEVEL = 4, 6, 9, 6
SMALL_PX = 4_000_000
# Where the middle takes this many times the bytes without loss, the whole will not take fewer.
CLEARLY_MORE = 1.5
# Choosing colours with alpha takes 12 bytes a pixel beside the picture; larger PNGs stay exact.
MOST_CLEAR_PALETTE_PX = 32_000_000


def encode(image: Image.Image, quality: int) -> bytes:
    """A PNG file."""
    pixels = image.width * image.height
    exact = exact_palette(image)
    if exact is not None:
        level = DRAWING_LEVEL if pixels <= SMALL_PX else LARGE_DRAWING_LEVEL
        return save(exact, "PNG", compress_level=level)
    too_large = image.mode in ("LA", "RGBA") and pixels > MOST_CLEAR_PALETTE_PX
    if quality >= LOSSLESS_QUALITY or image.mode == "L" or too_large:
        return _true_colour(image)
    reduced = reduce_colours(image, quality)
    palette_png = save(reduced, "PNG", compress_level=DITHERED_LEVEL)
    # Large pictures of many colours are photographs, never smaller without loss.
    if pixels > SMALL_PX or _loses_much_by_true_colour(image, reduced):
        return palette_png
    return min(palette_png, _true_colour(image), key=len)


def _true_colour(image: Image.Image) -> bytes:
    return save(image, "PNG", compress_level=TRUE_COLOUR_LEVEL)


def _loses_much_by_true_colour(image: Image.Image, reduced: Image.Image) -> bool:
    """Judge by the middle fifth of both sides, so that the whole is mostly written once."""
    width, height = image.size
    middle = (2 * width // 5, 2 * height // 5, width - 2 * width // 5, height - 2 * height // 5)
    by_palette = save(reduced.crop(middle), "PNG", compress_level=DITHERED_LEVEL)
    return len(_true_colour(image.crop(middle))) > CLEARLY_MORE * len(by_palette)
