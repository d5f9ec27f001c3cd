"""A picture as Pillow and ImageCms make it alone: what ours must look like."""

from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms

from app.domain.errors import ImageError
from tests.unit.imaging import zoo

QUALITY = 90
# What both may differ by: the noise of the JPEG that Pillow makes of the same pixels, and this.
SPARE_DB = 1.0
# No eye sees differences below this likeness.
SAME_DB = 42.0
SCREEN_GAMMA = 0.45455
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SUFFIXES = frozenset(
    f".{ending}"
    for ending in (
        "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff",
        "avif", "heic", "heif", "hif", "ico",
    )
)  # fmt: skip


class Verdict(NamedTuple):
    """What became of one file: `same`, `different`, `refused`, `both refuse` or `only we`."""

    word: str
    kind: str
    detail: str = ""


def pictures(folder: Path) -> list[Path]:
    """The files below a folder that are pictures by their names."""
    return sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()
    )


def judge(data: bytes) -> Verdict:
    """Compare our JPEG of a file with Pillow's."""
    wanted, why = _reference(data)
    try:
        result = zoo.squeeze(data, quality=QUALITY)
    except ImageError as error:
        if wanted is None:
            return Verdict("both refuse", "-", f"{error.message} | {why}")
        return Verdict("refused", "-", f"{error.code}: {error.message}")
    kind = result.source_format
    if wanted is None:
        return Verdict("only we", kind, f"{'; '.join(result.notes)} | {why}")
    seen = zoo.opened(result)
    if seen.size != wanted.size:
        return Verdict("different", kind, f"{seen.size}, not {wanted.size}")
    likeness = zoo.psnr(seen, wanted)
    noise = zoo.psnr(zoo.opened(zoo.save(wanted, "JPEG", quality=QUALITY)), wanted)
    if likeness >= min(noise - SPARE_DB, SAME_DB):
        return Verdict("same", kind)
    return Verdict("different", kind, f"{likeness:.1f} dB, Pillow's own JPEG has {noise:.1f} dB")


def _reference(data: bytes) -> tuple[Image.Image | None, str]:
    """Upright sRGB pixels on white, by Pillow; or None, and why."""
    try:
        image = Image.open(BytesIO(data))
        image.load()
        profile = image.info.get("icc_profile")
        # Pillow turns a TIFF by its tags while it decodes, and a HEIC by its boxes.
        turns = image.format not in ("TIFF", "HEIF")
        exif = Image.Exif()
        exif.load(image.info.get("exif", b"") if turns else b"")
        upright = _in_srgb(_with_gamma(_eight_bits(image), image.info), profile)
        turn = TURNS.get(exif.get(0x0112, 1))
        return _on_white(upright if turn is None else upright.transpose(turn)), ""
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _eight_bits(image: Image.Image) -> Image.Image:
    """Mode L, RGB, CMYK or LAB, with or without alpha."""
    if image.mode.startswith("I;16"):
        values = np.asarray(image)
        gray = Image.fromarray((values >> 8).astype(np.uint8))
        clear = image.info.get("transparency")
        if isinstance(clear, int):
            gray.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
        return gray.convert("RGBA") if isinstance(clear, int) else gray
    if image.mode in ("I", "F"):
        raise ValueError("32 bits a channel")
    if image.mode in ("CMYK", "LAB"):
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _with_gamma(image: Image.Image, info: dict[Any, Any]) -> Image.Image:
    """The colours that the gamma of a PNG means, as browsers show them and Pillow does not."""
    gamma = info.get("gamma", SCREEN_GAMMA)
    if {"icc_profile", "srgb"} & info.keys() or abs(gamma - SCREEN_GAMMA) < 0.03:
        return image
    table = [round(255 * (step / 255) ** (1 / (gamma * 2.2))) for step in range(256)]
    colours = len(image.getbands()) - (image.mode == "RGBA")
    return image.point(table * colours + list(range(256)) * (image.mode == "RGBA"))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    opaque = image.convert("RGB") if alpha else image
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                opaque,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            opaque = converted or opaque
        except (ImageCms.PyCMSError, OSError):
            pass  # A profile for other pixels, or none at all: the numbers are taken as sRGB.
    opaque = opaque.convert("RGB")
    if alpha:
        opaque.putalpha(alpha)
    return opaque


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
