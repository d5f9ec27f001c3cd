"""The general rung: every format and every option, by Pillow."""

from collections.abc import Callable

from app.domain.formats import FORMATS, ImageFormat, OutputFormat, output_format
from app.domain.picture_options import PictureOptions
from app.imaging.files.bare import jpeg, tiff
from app.imaging.files.orientation import UPRIGHT
from app.imaging.files.parts import Parts
from app.imaging.formats.animation import encode_animation
from app.imaging.formats.encode import encode, most_pixels
from app.imaging.result import CompressedImage
from app.imaging.rungs.budget import Fitted, fit, lower_quality
from app.imaging.steps.animation import decode_animation
from app.imaging.steps.decode import decode
from app.imaging.steps.flatten import flatten
from app.imaging.steps.resize import scaled, shrink, target_size

LARGER_NOTE = "Larger than its source, which could not be kept as it is."


def compress(parts: Parts, options: PictureOptions, max_pixels: int) -> CompressedImage:
    """Compress any picture that can be read.

    Raises:
        CorruptImage, TooManyPixels, UnsupportedFormat: found while decoding.
    """
    wanted = FORMATS[output_format(parts.format, options.format)]
    if _stays_animated(parts, options, wanted):
        return _compress_animation(parts, options, wanted, max_pixels)
    return _compress_still(parts, options, wanted, max_pixels)


def _stays_animated(parts: Parts, options: PictureOptions, wanted: ImageFormat) -> bool:
    asked = options.format in (OutputFormat.WEBP, OutputFormat.KEEP)
    return asked and parts.frames > 1 and wanted.animated


def _compress_still(
    parts: Parts, options: PictureOptions, wanted: ImageFormat, max_pixels: int
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
    parts: Parts, options: PictureOptions, wanted: ImageFormat, max_pixels: int
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
    options: PictureOptions,
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
    same = wanted.name == parts.format and asked_size == source_size
    bare = _bare(parts) if may_keep and same else None
    fitted = fit(encode_at, options.quality, options.max_bytes)
    promised = same and options.format is OutputFormat.KEEP
    if promised and bare is None and fitted.ratio == 1.0 and len(fitted.data) > len(parts.data):
        # Of an animation each try would take too long.
        smaller = _no_larger(encode_at, fitted, len(parts.data)) if parts.frames == 1 else None
        fitted, notes = (smaller, notes) if smaller else (fitted, (*notes, LARGER_NOTE))
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


def _bare(parts: Parts) -> bytes | None:
    """The source's own picture data without its metadata, or None where they cannot be parted."""
    if parts.format == "jpeg":
        return jpeg.strip(parts.data)
    bare = tiff.bare(parts.data) if parts.format == "tiff" else parts.data
    return bare if bare is not None and len(bare) <= len(parts.data) else None


def _no_larger(
    encode_at: Callable[[int, float], bytes], fitted: Fitted, source_bytes: int
) -> Fitted | None:
    """The best quality whose file is no larger than the source, or None."""
    smaller, _ = lower_quality(
        lambda quality: encode_at(quality, 1.0), fitted.data, fitted.quality, source_bytes
    )
    return smaller


def _better(bare: bytes, encoded: bytes, shrunk: bool, max_bytes: int | None) -> bool:
    """Whether the source's own data is the better answer: no larger, or full size where the new
    encoding had to shrink, and within the limit."""
    if max_bytes is not None and len(bare) > max_bytes:
        return False
    return len(bare) <= len(encoded) or shrunk
