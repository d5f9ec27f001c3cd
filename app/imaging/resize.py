"""How large an output is, and the way there."""

from math import sqrt

from PIL import Image

from app.domain.options import ProcessingOptions


def target_size(
    size: tuple[int, int],
    options: ProcessingOptions,
    max_side_px: int,
    most_pixels: int | None = None,
) -> tuple[int, int]:
    """The pixel size that the options ask for; never larger than `size`, the ratio stays.

    Args:
        size: the upright source.
        options: `scale`, then `max_width` and `max_height`.
        max_side_px: the longest side that the output format can have.
        most_pixels: what the output format's encoder has memory for, where that is less.
    """
    width, height = size
    ratio = min(
        options.scale,
        (options.max_width or width) / width,
        (options.max_height or height) / height,
        max_side_px / max(size),
        sqrt(most_pixels / (width * height)) if most_pixels else 1.0,
        1.0,
    )
    new_width, new_height = scaled(size, ratio)
    return (
        min(new_width, options.max_width or width, max_side_px),
        min(new_height, options.max_height or height, max_side_px),
    )


def scaled(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """Both sides times `ratio`, at least one pixel each."""
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def shrink(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize with Lanczos; the same object where the size is right already.

    Pillow multiplies colours by their alpha before and divides after, so that what is hidden does
    not bleed into what is seen.
    """
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
