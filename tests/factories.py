"""Inputs for tests: small functions that make one believable thing each."""

import csv
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image


def make_csv(
    rows: int = 3,
    *,
    images_per_row: int = 2,
    base_url: str = "http://images.test",
    header: Sequence[str] = ("S. No.", "Product Name", "Input Image Urls"),
    cells: Sequence[Sequence[str]] | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> bytes:
    """A CSV as shops send it.

    Args:
        rows: records below the header, each with its own product and URLs.
        images_per_row: URLs in the third cell, `{base_url}/{row}-{position}.jpg`, counted from 1.
        cells: the records themselves, instead of made ones.
    """
    if cells is None:
        cells = [
            [
                str(row),
                f"Product {row}",
                ",".join(
                    f"{base_url}/{row}-{position}.jpg" for position in range(1, images_per_row + 1)
                ),
            ]
            for row in range(1, rows + 1)
        ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(cells)
    return text.getvalue().encode(encoding)


def make_jpeg(
    width_px: int = 800,
    height_px: int = 600,
    *,
    exif_orientation: int | None = None,
    seed: int = 0,
    quality: int = 92,
) -> bytes:
    """A photo-like JPEG; about 150 KB at 800 x 600, so that quality 50 really saves.

    `exif_orientation` (1 to 8) is written as the tag only: the pixels stay as they are.
    """
    exif = Image.Exif()
    if exif_orientation is not None:
        exif[0x0112] = exif_orientation
    file = io.BytesIO()
    make_picture(width_px, height_px, seed=seed).save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


def make_png(
    width_px: int = 400, height_px: int = 300, *, transparent: bool = False, seed: int = 0
) -> bytes:
    """A photo-like PNG; when transparent, its left half fades from nothing to solid."""
    image = make_picture(width_px, height_px, seed=seed)
    if transparent:
        fade = np.linspace(0, 2 * 255, width_px).clip(0, 255).astype(np.uint8)
        image.putalpha(Image.fromarray(np.tile(fade, (height_px, 1))))
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def make_webp(width_px: int = 400, height_px: int = 300, *, seed: int = 0) -> bytes:
    """A photo-like WebP."""
    file = io.BytesIO()
    make_picture(width_px, height_px, seed=seed).save(file, "WEBP", quality=90, method=0)
    return file.getvalue()


def make_picture(width_px: int, height_px: int, *, seed: int = 0) -> Image.Image:
    """Soft colour fields under the fine noise of a sensor, RGB; the same seed, the same picture."""
    chance = np.random.default_rng(seed)
    fields = Image.fromarray(chance.integers(20, 235, (6, 8, 3), dtype=np.uint8))
    soft = np.asarray(fields.resize((width_px, height_px), Image.Resampling.BICUBIC), np.int16)
    noise = chance.integers(-12, 13, (height_px, width_px, 1), dtype=np.int16)
    return Image.fromarray((soft + noise).clip(0, 255).astype(np.uint8))
