"""Colours to sRGB: ICC profiles, CMYK, Lab and the gamma of old PNGs."""

from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageCms

from app.imaging.steps.strips import strips

RGB_MODE, ALPHA_MODES = "RGB", {"LA": "L", "RGBA": "RGB"}
# What lcms calls the colour space of a profile, and the Pillow mode of pixels in it.
PROFILE_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
# Photographs are graded for this pair; print and imaging programs use it by default.
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
# A profile that moves no colour by more than this is sRGB under another name.
SRGB_TOLERANCE = 3
PROBE_STEPS = (0, 32, 64, 96, 128, 160, 192, 224, 255)
DISPLAY_GAMMA = 2.2
CACHED_PROFILES = 16
BROKEN_NOTE = "The colour profile is broken and was ignored."
MISMATCH_NOTE = "The colour profile is not for this kind of pixels and was ignored."
NAIVE_CMYK_NOTE = "CMYK without a colour profile was converted by formula; colours are approximate."


class Coloured(NamedTuple):
    """A picture in sRGB; `changed` tells whether its numbers are other than in the file."""

    image: Image.Image
    changed: bool
    notes: tuple[str, ...] = ()


def to_srgb(image: Image.Image, profile: bytes | None, gamma: float | None = None) -> Coloured:
    """Convert pixels to sRGB.

    A profile that cannot be used is ignored with a note: a picture with approximate colours is
    better than none.

    Args:
        image: mode L, LA, RGB, RGBA, CMYK or LAB.
        profile: the file's ICC profile.
        gamma: the exponent of a PNG's gAMA chunk where it differs from the usual one.
    Returns:
        An image of mode L, LA, RGB or RGBA.
    """
    notes: tuple[str, ...] = ()
    if profile:
        base = ALPHA_MODES.get(image.mode, image.mode)
        if base != "CMYK" and is_srgb(profile, base):
            return Coloured(image, changed=False)
        transform = _transform(profile, base)
        if transform is not None:
            return Coloured(_apply(image, transform), changed=True)
        notes = (BROKEN_NOTE if _space(profile) is None else MISMATCH_NOTE,)
    if image.mode == "CMYK":
        return Coloured(image.convert(RGB_MODE), True, (*notes, NAIVE_CMYK_NOTE))
    if image.mode == "LAB":
        return Coloured(_from_lab(image), True, notes)
    if gamma is not None:
        return Coloured(_apply_gamma(image, gamma), True, notes)
    return Coloured(image, False, notes)


@lru_cache(maxsize=CACHED_PROFILES)
def is_srgb(profile: bytes, mode: str) -> bool:
    """Whether the profile leaves pixels of `mode` ("L" or "RGB") as they are, by trying it."""
    transform = _transform(profile, mode)
    if transform is None:
        return False
    if mode == "L":
        colours = bytes(PROBE_STEPS)
        probe = Image.frombytes("L", (len(colours), 1), colours)
    else:
        colours = bytes(
            part
            for r in PROBE_STEPS
            for g in PROBE_STEPS
            for b in PROBE_STEPS
            for part in (r, g, b)
        )
        probe = Image.frombytes("RGB", (len(PROBE_STEPS) ** 3, 1), colours)
    moved = _apply(probe, transform).tobytes()
    return all(abs(a - b) <= SRGB_TOLERANCE for a, b in zip(colours, moved, strict=True))


@lru_cache(maxsize=CACHED_PROFILES)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform from the profile to sRGB for pixels of `mode`, or None."""
    if _space(profile) != mode:
        return None
    try:
        return ImageCms.buildTransform(
            BytesIO(profile), _srgb(), mode, RGB_MODE, INTENT, flags=FLAGS
        )
    except (ImageCms.PyCMSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=CACHED_PROFILES)
def _space(profile: bytes) -> str | None:
    """The mode that the profile is for, or None where it is no profile."""
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(profile))
        return PROFILE_SPACES.get(opened.profile.xcolor_space, "")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _apply(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    """Run the transform; gray stays gray, and transparency is not a colour."""
    if image.mode in ("L", "LA"):
        steps = Image.frombytes("L", (256, 1), bytes(range(256)))
        table = list(transform.apply(steps).convert("L").tobytes())
        return image.point(table + list(range(256)) if image.mode == "LA" else table)
    if image.mode == "RGBA":
        converted = Image.new("RGBA", image.size)
        for top, strip in strips(image):
            coloured = transform.apply(strip.convert(RGB_MODE))
            coloured.putalpha(strip.getchannel("A"))
            converted.paste(coloured, (0, top))
        return converted
    return transform.apply(image)


def _from_lab(image: Image.Image) -> Image.Image:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.buildTransform(lab, _srgb(), "LAB", RGB_MODE, INTENT).apply(image)


def _apply_gamma(image: Image.Image, gamma: float) -> Image.Image:
    exponent = 1 / (gamma * DISPLAY_GAMMA)
    table = [round(255 * (step / 255) ** exponent) for step in range(256)]
    bands = len(image.getbands())
    if image.mode in ALPHA_MODES:
        return image.point(table * (bands - 1) + list(range(256)))
    return image.point(table * bands)
