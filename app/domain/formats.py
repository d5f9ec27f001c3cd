"""The one registry of picture formats: names, content types, file endings, limits."""

from dataclasses import dataclass

from app.domain.options import OutputFormat


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """One format that can be read.

    Attributes:
        name: our word for it, as it stands in reports.
        pillow: Pillow's word for it, for `Image.open(formats=...)`.
        kept_as: the format that `keep` writes; BMP and ICO have no form fit for the web, so they
            become PNG, which loses nothing, and HEIC photos become JPEG.
        max_side_px: the longest side a file of this format can have.
        alpha: whether an output of this format carries transparency.
    """

    name: str
    pillow: str
    content_type: str
    extension: str
    kept_as: str
    max_side_px: int
    alpha: bool = True


# Longest sides: libjpeg's JPEG_MAX_DIMENSION, libwebp's WEBP_MAX_DIMENSION, libavif's default
# imageDimensionLimit; GIF has 16-bit sides; the others are bounded by the pixel limit alone.
FORMATS: dict[str, ImageFormat] = {
    entry.name: entry
    for entry in (
        ImageFormat("jpeg", "JPEG", "image/jpeg", "jpg", "jpeg", 65_500, alpha=False),
        ImageFormat("png", "PNG", "image/png", "png", "png", 2**31 - 1),
        ImageFormat("webp", "WEBP", "image/webp", "webp", "webp", 16_383),
        ImageFormat("avif", "AVIF", "image/avif", "avif", "avif", 32_768),
        ImageFormat("gif", "GIF", "image/gif", "gif", "gif", 65_535),
        ImageFormat("bmp", "BMP", "image/bmp", "bmp", "png", 2**31 - 1),
        ImageFormat("tiff", "TIFF", "image/tiff", "tif", "tiff", 2**31 - 1),
        ImageFormat("heic", "HEIF", "image/heic", "heic", "jpeg", 2**31 - 1),
        ImageFormat("ico", "ICO", "image/x-icon", "ico", "png", 2**31 - 1),
    )
}


def content_type(format: str) -> str:  # noqa: A002 - the word the callers use
    """The media type of a format, for example `image/jpeg`. Source: IANA media types."""
    return FORMATS[format].content_type


def extension(format: str) -> str:  # noqa: A002 - the word the callers use
    """The file ending of a format without the dot, for example `jpg`."""
    return FORMATS[format].extension


def output_format(source_format: str, wanted: OutputFormat) -> str:
    """The format an output gets: what was asked for, or the source's own for `keep`."""
    if wanted is OutputFormat.KEEP:
        return FORMATS[source_format].kept_as
    return wanted.value
