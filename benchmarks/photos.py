"""Photos as shops have them: 1.03 megapixels, about 210 KB, made by code and kept for next time."""

from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.figures import progress

WIDTH, HEIGHT = 1200, 860
WANTED_BYTES = 210_000
QUALITIES = (95, 93, 91, 89, 87, 85, 82, 79, 76)
TINY_SIDE = 16


def make_photos(folder: Path, count: int) -> list[Path]:
    """`count` different photos in the folder; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"photo-{number:04}.jpg" for number in range(count)]
    missing = [(path, number) for number, path in enumerate(paths) if not path.exists()]
    if missing:
        progress(f"Making {len(missing)} photos in {folder} ...")
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            list(pool.map(_write_photo, *zip(*missing, strict=True)))
    return paths


def take_photos(folder: Path) -> list[Path]:
    """The JPEG files of a folder of the user's own, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg"})


def tiny_photo() -> bytes:
    """A picture that costs a codec next to nothing, so that everything else shows."""
    noise = np.random.default_rng(7).integers(0, 255, (TINY_SIDE, TINY_SIDE, 3), dtype=np.uint8)
    return _encoded(Image.fromarray(noise), 95)


def _write_photo(path: Path, seed: int) -> None:
    picture = _draw(seed)
    for quality in QUALITIES:
        data = _encoded(picture, quality)
        if len(data) <= WANTED_BYTES * 1.05:
            break
    # A run that is cut off must not leave half a photo for the next one.
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.rename(path)


def _encoded(picture: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _draw(seed: int) -> Image.Image:
    """Some shiny things with a woven texture before a softly lit wall, and a sensor's noise."""
    chance = np.random.default_rng(seed)
    wall = chance.integers(150, 245, (4, 5, 3), dtype=np.uint8)
    picture = Image.fromarray(wall).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    for _ in range(6):
        left, top = chance.integers(0, WIDTH - 300), chance.integers(0, HEIGHT - 300)
        right, bottom = left + chance.integers(120, 500), top + chance.integers(120, 400)
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).ellipse((int(left), int(top), int(right), int(bottom)), fill=255)
        colours = chance.integers(20, 235, (3, 3, 3), dtype=np.uint8)
        skin = Image.fromarray(colours).resize(picture.size, Image.Resampling.BICUBIC)
        picture.paste(skin, mask=mask.filter(ImageFilter.GaussianBlur(1.2)))
    pixels = np.asarray(picture).astype(np.float32)
    across, down = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    weave = np.sin(across / chance.uniform(1.5, 4)) * np.sin(down / chance.uniform(1.5, 4))
    pixels += (weave * chance.uniform(2, 6))[:, :, None]
    pixels += chance.normal(0, 4.0, (HEIGHT, WIDTH, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
