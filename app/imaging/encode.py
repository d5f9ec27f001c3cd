"""From upright sRGB pixels to a file: one function per output format, nothing but pixels in it."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from app.imaging.strips import strips

# From here on people ask for the best picture, and halved colour would be what they see first.
FULL_CHROMA_QUALITY = 90
WEBP_METHOD = 4
# From here on method 3: the same bytes within 1 %, but 4 bytes a pixel less memory with alpha.
LARGE_WEBP_PX, LARGE_WEBP_METHOD = 8_000_000, 3
# What fits into the memory of a codec child: with the picture, libavif and libaom reserve 37 bytes
# a pixel, libwebp with its lossless alpha 29. `python -m benchmarks pictures` shows both.
MOST_AVIF_PX, MOST_CLEAR_WEBP_PX = 16_000_000, 20_000_000
# libaom's speeds 0 (slow, small) to 10: slower steps only where they cost well under a second.
AVIF_SPEEDS = ((2_000_000, 6), (12_000_000, 8))
AVIF_FASTEST_SPEED = 9
LOSSLESS_QUALITY = 100
PALETTE_COLOURS, FEWEST_COLOURS, PALETTE_QUALITY = 256, 16, 50
# The palette of a photograph is the same when taken from a smaller copy, at a tenth of the time.
PALETTE_SAMPLE_PX = 512
# Deflate's highest levels take 20 times as long on photographs, to save 2 %, and twice as long on
# their palettes, to save 0.1 %. Drawings gain by them.
TRUE_COLOUR_LEVEL, DITHERED_LEVEL, DRAWING_LEVEL, LARGE_DRAWING_LEVEL = 4, 6, 9, 6
SMALL_PNG_PX = 4_000_000
# Where the middle of a picture takes so much more without loss, the whole will not take less.
CLEARLY_MORE = 1.5
# Choosing colours with alpha takes 12 bytes a pixel beside the picture; larger PNGs stay exact.
MOST_CLEAR_PALETTE_PX = 32_000_000
# What libwebp (errors 1 and 2), libavif and Pillow's palettes say instead of "no memory".
NO_MEMORY = re.compile(r"[Mm]emory|encoding error [12]\b|Encoding of \w+ planes|quantization error")
WHITE = 255


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


def flatten(image: Image.Image) -> Image.Image:
    """Lay transparent pixels on white; the same object where there are none."""
    if image.mode not in ("LA", "RGBA"):
        return image
    paper = Image.new(image.mode[:-1], image.size, WHITE if image.mode == "LA" else (WHITE,) * 3)
    for top, strip in strips(image):
        paper.paste(strip.convert(paper.mode), (0, top), strip.getchannel("A"))
    return paper


def most_pixels(format: str, *, alpha: bool) -> int | None:  # noqa: A002
    """The most pixels that the format's encoder has memory for; None: all that can be decoded."""
    if format == "avif":
        return MOST_AVIF_PX
    return MOST_CLEAR_WEBP_PX if format == "webp" and alpha else None


def avif_options(pixels: int, quality: int) -> dict[str, Any]:
    """What is passed to the AVIF encoder for so many pixels."""
    speed = next((speed for limit, speed in AVIF_SPEEDS if pixels <= limit), AVIF_FASTEST_SPEED)
    return {"quality": quality, "speed": speed, "max_threads": 1}


def jpeg_subsampling(quality: int) -> str:
    """How colour is stored: halved in both directions, as all encoders do, but for the best."""
    return "444" if quality >= FULL_CHROMA_QUALITY else "420"


def _save(image: Image.Image, pillow_format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, pillow_format, **options)
    return out.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    opaque = flatten(image)
    return _save(
        opaque,
        "JPEG",
        quality=quality,
        # One channel has nothing to halve; as 4:2:0 it would be padded to twice the blocks.
        subsampling=":".join("444" if opaque.mode == "L" else jpeg_subsampling(quality)),
        # Own Huffman tables: 7 % smaller for 2 ms a megapixel, little beside what Pillow's part
        # of the ladder has spent by now.
        optimize=True,
    )


def _webp(image: Image.Image, quality: int) -> bytes:
    large = image.width * image.height > LARGE_WEBP_PX
    method = LARGE_WEBP_METHOD if large else WEBP_METHOD
    return _save(image, "WEBP", quality=quality, method=method)


def _avif(image: Image.Image, quality: int) -> bytes:
    return _save(image, "AVIF", **avif_options(image.width * image.height, quality))


def _png(image: Image.Image, quality: int) -> bytes:
    pixels = image.width * image.height
    exact = _exact_palette(image)
    if exact is not None:
        level = DRAWING_LEVEL if pixels <= SMALL_PNG_PX else LARGE_DRAWING_LEVEL
        return _save(exact, "PNG", compress_level=level)
    too_large = image.mode in ("LA", "RGBA") and pixels > MOST_CLEAR_PALETTE_PX
    if quality >= LOSSLESS_QUALITY or image.mode == "L" or too_large:
        return _true_colour_png(image)
    reduced = _reduce_colours(image, quality)
    palette_png = _save(reduced, "PNG", compress_level=DITHERED_LEVEL)
    # Large pictures of many colours are photographs, which never win without loss.
    if pixels > SMALL_PNG_PX or _loses_much_by_true_colour(image, reduced):
        return palette_png
    return min(palette_png, _true_colour_png(image), key=len)


def _true_colour_png(image: Image.Image) -> bytes:
    return _save(image, "PNG", compress_level=TRUE_COLOUR_LEVEL)


def _loses_much_by_true_colour(image: Image.Image, reduced: Image.Image) -> bool:
    """Judge by a fifth of both sides in the middle, so that the whole is mostly written once."""
    width, height = image.size
    middle = (2 * width // 5, 2 * height // 5, width - 2 * width // 5, height - 2 * height // 5)
    by_palette = _save(reduced.crop(middle), "PNG", compress_level=DITHERED_LEVEL)
    return len(_true_colour_png(image.crop(middle))) > CLEARLY_MORE * len(by_palette)


def _gif(image: Image.Image, quality: int) -> bytes:
    if image.mode != "RGB":
        # Gray is a palette already; with alpha, Pillow's writer picks the one transparent index.
        return _save(image, "GIF")
    return _save(_exact_palette(image) or _reduce_colours(image, quality), "GIF")


def _tiff(image: Image.Image, quality: int) -> bytes:
    if quality < LOSSLESS_QUALITY and image.mode in ("L", "RGB"):
        return _save(image, "TIFF", compression="jpeg", quality=quality)
    return _save(image, "TIFF", compression="tiff_adobe_deflate")


def _exact_palette(image: Image.Image) -> Image.Image | None:
    """The same pixels by palette where they have at most 256 colours: drawings, logos, scans."""
    if image.mode == "L":
        return None
    counted = image.getcolors(PALETTE_COLOURS)
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
    if min(alphas) < WHITE:
        result.info["transparency"] = alphas
    return result


def _packed(colour: object) -> int:
    """A colour of mode LA, RGB or RGBA as the number that its four bytes make."""
    parts = colour if isinstance(colour, tuple) else (colour,)
    alpha = parts[-1] if len(parts) in (2, 4) else WHITE
    red, green, blue = parts[:3] if len(parts) > 2 else (parts[0],) * 3
    return int(red | green << 8 | blue << 16 | alpha << 24)


def _reduce_colours(image: Image.Image, quality: int) -> Image.Image:
    share = min(1.0, quality / PALETTE_QUALITY)
    colours = max(FEWEST_COLOURS, round(PALETTE_COLOURS * share))
    if image.mode in ("LA", "RGBA"):
        # `convert` copies even where nothing is to do.
        full = image if image.mode == "RGBA" else image.convert("RGBA")
        return full.quantize(colours, Image.Quantize.FASTOCTREE)
    sample = image.copy()
    sample.thumbnail((PALETTE_SAMPLE_PX, PALETTE_SAMPLE_PX))
    palette = sample.quantize(colours, Image.Quantize.MEDIANCUT)
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


ENCODERS: dict[str, Callable[[Image.Image, int], bytes]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _avif,
    "gif": _gif,
    "tiff": _tiff,
}
