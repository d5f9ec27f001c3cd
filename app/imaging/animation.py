"""Animations that stay animations: every frame through the same steps as a still picture."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

from PIL import Image

from app.domain.errors import ImageError
from app.imaging import webp_file
from app.imaging.colour import to_srgb
from app.imaging.decode import drop_opaque_alpha, failure, normalise
from app.imaging.encode import WEBP_METHOD, avif_options
from app.imaging.formats import FORMATS
from app.imaging.limits import check_frames, check_pixels
from app.imaging.orientation import turn_upright
from app.imaging.parts import Parts
from app.imaging.pillow_file import open_image

# Browsers show frames without a duration for this long.
DEFAULT_FRAME_MS = 100
RESTORE_BACKGROUND = 2


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


def encode_animation(
    animation: Animation,
    format: str,  # noqa: A002 - the word the callers use
    quality: int,
    size: tuple[int, int],
) -> bytes:
    """Write an animation; PNG and GIF have no quality, so it counts for WebP and AVIF alone."""
    frames = [_resized(frame, size) for frame in animation.frames]
    options: dict[str, Any] = {"duration": list(animation.durations_ms)}
    if format == "webp":
        options |= {"quality": quality, "method": WEBP_METHOD, "loop": animation.plays}
    elif format == "avif":
        options |= avif_options(size[0] * size[1] * len(frames), quality)
    elif format == "png":
        options |= {"loop": animation.plays}
    else:
        # GIF counts repeats, and plays once where nothing is said.
        if animation.plays != 1:
            options["loop"] = animation.plays and animation.plays - 1
        if frames[0].mode == "RGBA":
            options["disposal"] = RESTORE_BACKGROUND
    out = BytesIO()
    frames[0].save(out, FORMATS[format].pillow, save_all=True, append_images=frames[1:], **options)
    data = out.getvalue()
    clear = format == "webp" and frames[0].mode == "RGBA"
    return webp_file.announce_alpha(data) if clear else data


def _decode(parts: Parts, max_pixels: int) -> Animation:
    frames: list[Image.Image] = []
    durations: list[int] = []
    notes: dict[str, None] = dict.fromkeys(parts.notes)
    recoloured = False
    if parts.format == "webp":
        webp_file.need_memory(parts.size)
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


def _resized(frame: Image.Image, size: tuple[int, int]) -> Image.Image:
    if frame.size != size:
        frame = frame.resize(size, Image.Resampling.LANCZOS)
    # Pillow's writers look into `info` for a comment or a profile of the source.
    frame.info = {}
    return frame
