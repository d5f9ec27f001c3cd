"""How large an output is, and the way there."""

from math import ceil, floor, sqrt

from PIL import Image

from app.domain.picture_options import PictureOptions

LARGE_CLEAR_PX, BAND_ROWS = 8_000_000, 256
# Lanczos looks at three pixels of the smaller picture to each side.
LANCZOS_REACH = 3


def target_size(
    size: tuple[int, int],
    options: PictureOptions,
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
    if image.size == size:
        return image
    if image.mode in ("LA", "RGBA") and image.width * image.height > LARGE_CLEAR_PX:
        return _shrink_in_bands(image, size)
    return image.resize(size, Image.Resampling.LANCZOS)


def _shrink_in_bands(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The same pixels, band by band: multiplying by alpha makes a copy of what is shrunk."""
    small = Image.new(image.mode, size)
    ratio = image.height / size[1]
    reach = ceil(LANCZOS_REACH * ratio) + 1
    for top in range(0, size[1], BAND_ROWS):
        bottom = min(top + BAND_ROWS, size[1])
        first = max(0, floor(top * ratio) - reach)
        last = min(image.height, ceil(bottom * ratio) + reach)
        band = image.crop((0, first, image.width, last))
        # The rows of `reach` are seen by the filter, although they are outside of the box.
        box = (0, top * ratio - first, image.width, min(bottom * ratio - first, band.height))
        small.paste(
            band.resize((size[0], bottom - top), Image.Resampling.LANCZOS, box=box), (0, top)
        )
    return small
