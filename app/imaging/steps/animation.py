"""From an animation's parts to its frames: each through the same steps as a still picture."""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from app.domain.errors import ImageError
from app.imaging.files.limits import check_frames, check_pixels
from app.imaging.files.parts import Parts
from app.imaging.files.pillow import open_image
from app.imaging.files.webp import need_memory
from app.imaging.steps.colour import to_srgb
from app.imaging.steps.decode import drop_opaque_alpha, failure, normalise
from app.imaging.steps.orient import turn_upright

# Browsers show frames without a duration for this long.
DEFAULT_FRAME_MS = 100


class Animation(NamedTuple):
    """Upright sRGB frames of one size and mode, how long each is shown, and how often all are."""

    frames: tuple[Image.Image, ...]
    durations_ms: tuple[int, ...]
    plays: int
    recoloured: bool
    notes: tuple[str, ...]


def decode_animation(parts: Parts, max_pixels: int) -> Animation:
    """Decode all frames.

    Raises:
        TooManyPixels: the frames together have more pixels than one picture may have.
        CorruptImage: a frame cannot be decoded.
    """
    check_frames(parts.frames)
    check_pixels(*parts.size, max_pixels, frames=parts.frames)
    try:
        return _decode(parts, max_pixels)
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        raise failure(error, parts.format) from error


def _decode(parts: Parts, max_pixels: int) -> Animation:
    frames: list[Image.Image] = []
    durations: list[int] = []
    notes: dict[str, None] = dict.fromkeys(parts.notes)
    recoloured = False
    if parts.format == "webp":
        need_memory(parts.size)
    with open_image(parts.data, parts.format, max_pixels) as image:
        first = 1 if getattr(image, "default_image", False) else 0
        for index in range(first, getattr(image, "n_frames", 1)):
            image.seek(index)
            coloured = to_srgb(normalise(image.copy()), parts.icc_profile, parts.gamma)
            notes |= dict.fromkeys(coloured.notes)
            recoloured = recoloured or coloured.changed
            frames.append(drop_opaque_alpha(turn_upright(coloured.image, parts.orientation)))
            durations.append(round(image.info.get("duration", 0)) or DEFAULT_FRAME_MS)
    return Animation(_one_mode(frames), tuple(durations), parts.plays, recoloured, tuple(notes))


def _one_mode(frames: Sequence[Image.Image]) -> tuple[Image.Image, ...]:
    clear = any(frame.mode in ("LA", "RGBA") for frame in frames)
    return tuple(frame.convert("RGBA" if clear else "RGB") for frame in frames)
