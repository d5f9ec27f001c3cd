"""Frames to a file: animated WebP, AVIF, PNG or GIF."""

from io import BytesIO
from typing import Any

from PIL import Image

from app.domain.formats import FORMATS
from app.imaging.files.webp import announce_alpha
from app.imaging.formats import avif, webp
from app.imaging.steps.animation import Animation

RESTORE_BACKGROUND = 2


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
        options |= {"quality": quality, "method": webp.METHOD, "loop": animation.plays}
    elif format == "avif":
        options |= avif.encoder_options(size[0] * size[1] * len(frames), quality)
    elif format == "png":
        options |= {"loop": animation.plays}
    elif format == "gif":
        # GIF counts repeats, and plays once where nothing is said.
        if animation.plays != 1:
            options["loop"] = animation.plays and animation.plays - 1
        if frames[0].mode == "RGBA":
            options["disposal"] = RESTORE_BACKGROUND
    else:
        raise ValueError(f"{format} is not written as an animation")
    out = BytesIO()
    frames[0].save(out, FORMATS[format].pillow, save_all=True, append_images=frames[1:], **options)
    data = out.getvalue()
    clear = format == "webp" and frames[0].mode == "RGBA"
    return announce_alpha(data) if clear else data


def _resized(frame: Image.Image, size: tuple[int, int]) -> Image.Image:
    if frame.size != size:
        frame = frame.resize(size, Image.Resampling.LANCZOS)
    # Pillow's writers look into `info` for a comment or a profile of the source.
    frame.info = {}
    return frame
