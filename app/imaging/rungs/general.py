"""The general rung: every format and every option, by Pillow."""

from collections.abc import Callable

from app.domain.formats import FORMATS, ImageFormat, OutputFormat, output_format
from app.domain.options import ProcessingOptions
from app.imaging.files.jpeg import strip
from app.imaging.files.orientation import UPRIGHT
from app.imaging.files.parts import Parts
from app.imaging.formats.animation import encode_animation
from app.imaging.formats.encode import encode, most_pixels
from app.imaging.result import CompressedImage
from app.imaging.rungs.budget import fit
from app.imaging.steps.animation import decode_animation
from app.imaging.steps.decode import decode
from app.imaging.steps.flatten import flatten
from app.imaging.steps.resize import scaled, shrink, target_size


def compress(parts: Parts, options: ProcessingOptions, max_pixels: int) -> CompressedImage:
    """Compress any picture that can be read.

    Raises:
        CorruptImage, TooManyPixels, UnsupportedFormat: found while decoding.
    """
    wanted = FORMATS[output_format(parts.format, options.format)]
    if _stays_animated(parts, options, wanted):
        return _compress_animation(parts, options, wanted, max_pixels)
    return _compress_still(parts, options, wanted, max_pixels)


def _stays_animated(parts: Parts, options: ProcessingOptions, wanted: ImageFormat) -> bool:
    asked = options.format in (OutputFormat.WEBP, OutputFormat.KEEP)
    return asked and parts.frames > 1 and wanted.animated


def _compress_still(
    parts: Parts, options: ProcessingOptions, wanted: ImageFormat, max_pixels: int
) -> CompressedImage:
    size = target_size(parts.upright_size, options, wanted.max_side_px)
    picture = decode(parts, max_pixels, None if size == parts.upright_size else size)
    image, source_size, recoloured, notes = picture
    # The tuple would keep the pixels from before flattening and shrinking.
    del picture
    # Only the decoded picture tells a TIFF's orientation, and whether a picture is opaque.
    most = most_pixels(wanted.name, alpha=image.mode in ("LA", "RGBA"))
    size = target_size(source_size, options, wanted.max_side_px, most)
    image = shrink(image if wanted.alpha else flatten(image), size)
    # Without its `info`, no writer finds a comment or a profile of the source.
    image.info = {}

    def at(quality: int, ratio: float) -> bytes:
        return encode(shrink(image, scaled(size, ratio)), wanted.name, quality)

    keepable = parts.frames == 1 and not recoloured
    return _finish(parts, options, wanted, at, source_size, size, keepable, notes)


def _compress_animation(
    parts: Parts, options: ProcessingOptions, wanted: ImageFormat, max_pixels: int
) -> CompressedImage:
    animation = decode_animation(parts, max_pixels)
    source_size = animation.frames[0].size
    size = target_size(source_size, options, wanted.max_side_px)

    def at(quality: int, ratio: float) -> bytes:
        return encode_animation(animation, wanted.name, quality, scaled(size, ratio))

    keepable = not animation.recoloured
    return _finish(parts, options, wanted, at, source_size, size, keepable, animation.notes)


def _finish(
    parts: Parts,
    options: ProcessingOptions,
    wanted: ImageFormat,
    encode_at: Callable[[int, float], bytes],
    source_size: tuple[int, int],
    size: tuple[int, int],
    keepable: bool,
    notes: tuple[str, ...],
) -> CompressedImage:
    """Encode within the byte limit, or keep the source where that is smaller and allowed."""
    may_keep = keepable and parts.plain and parts.orientation == UPRIGHT
    # `size` may be smaller: a format has its longest side, an encoder its memory.
    asked_size = target_size(source_size, options, max(source_size))
    bare = None
    if may_keep and wanted.name == parts.format and asked_size == source_size:
        bare = strip(parts.data) if parts.format == "jpeg" else parts.data
    fitted = fit(encode_at, options.quality, options.max_bytes)
    shrunk = fitted.ratio < 1.0 or size != asked_size
    kept = bare is not None and _better(bare, fitted.data, shrunk, options.max_bytes)
    if kept:
        size = source_size
    elif fitted.ratio < 1.0:
        size = scaled(size, fitted.ratio)
        notes = (*notes, f"Made smaller, to {size[0]} x {size[1]}, to fit the largest file size.")
    elif shrunk:
        notes = (*notes, f"Made smaller to {size[0]} x {size[1]}, the most this format can have.")
    return CompressedImage(
        data=bare if kept and bare is not None else fitted.data,
        format=wanted.name,
        width=size[0],
        height=size[1],
        kept=kept,
        source_format=parts.format,
        source_width=source_size[0],
        source_height=source_size[1],
        notes=notes,
    )


def _better(bare: bytes, encoded: bytes, shrunk: bool, max_bytes: int | None) -> bool:
    """Whether the source's own data is the better answer: no larger, or full size where the new
    encoding had to shrink, and within the limit."""
    if max_bytes is not None and len(bare) > max_bytes:
        return False
    return len(bare) <= len(encoded) or shrunk
