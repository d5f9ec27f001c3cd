"""The one table of picture formats: what a format is called, where it is read, written and offered.

To write one more format: a line in `OutputFormat` and in `FORMATS`, its encoder as a file in
`imaging/formats/` with a line in `encode.py`. API, links, page, command line, codecs and catalogue
read this table; `tests/test_formats_in_one_place.py` fails where one of them misses a format.
"""

from dataclasses import dataclass
from enum import StrEnum


class OutputFormat(StrEnum):
    """The format of the compressed images; `keep` means the format of the source."""

    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"
    PNG = "png"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """One format that can be read or written.

    Attributes:
        name: our word for it, used in options and reports.
        label: what people call it.
        pillow: Pillow's word for it, for `Image.open(formats=...)` and `save`.
        content_type: its media type. Source: IANA media types.
        extensions: its file endings without the dot; ours have the first one.
        kept_as: the format that `keep` writes; BMP and ICO have no form fit for the web, so they
            become PNG, which loses nothing, and HEIC photos become JPEG.
        max_side_px: the longest side a file of this format can have.
        alpha: whether an output of this format carries transparency.
        animated: whether an output of this format carries an animation.
        advised: whether error messages name it as a format for sources; it is no way out for a shop
            where only phones and some programs show it.
        in_catalogs: whether its ending tells that a cell names a picture of a product; `.ico` tells
            of a web site's icon.
        suits: who may want it as an output, for the page; empty where it is not offered.
    """

    name: str
    label: str
    pillow: str
    content_type: str
    extensions: tuple[str, ...]
    kept_as: str
    max_side_px: int
    alpha: bool = True
    animated: bool = False
    advised: bool = True
    in_catalogs: bool = True
    suits: str = ""

    @property
    def extension(self) -> str:
        """The ending of our files."""
        return self.extensions[0]


# Longest sides: libjpeg's JPEG_MAX_DIMENSION, libwebp's WEBP_MAX_DIMENSION, libavif's default
# imageDimensionLimit; GIF has 16-bit sides; the others are bounded by the pixel limit alone.
NO_LONGEST_SIDE = 2**31 - 1
FORMATS: dict[str, ImageFormat] = {
    entry.name: entry
    for entry in (
        ImageFormat(
            name="jpeg",
            label="JPEG",
            pillow="JPEG",
            content_type="image/jpeg",
            extensions=("jpg", "jpeg"),
            kept_as="jpeg",
            max_side_px=65_500,
            alpha=False,
            suits="every shop takes it",
        ),
        ImageFormat(
            name="png",
            label="PNG",
            pillow="PNG",
            content_type="image/png",
            extensions=("png",),
            kept_as="png",
            max_side_px=NO_LONGEST_SIDE,
            animated=True,
            suits="no loss, large",
        ),
        ImageFormat(
            name="webp",
            label="WebP",
            pillow="WEBP",
            content_type="image/webp",
            extensions=("webp",),
            kept_as="webp",
            max_side_px=16_383,
            animated=True,
            suits="smaller, for websites",
        ),
        ImageFormat(
            name="avif",
            label="AVIF",
            pillow="AVIF",
            content_type="image/avif",
            extensions=("avif",),
            kept_as="avif",
            max_side_px=32_768,
            animated=True,
            suits="smallest, takes longest",
        ),
        ImageFormat(
            name="gif",
            label="GIF",
            pillow="GIF",
            content_type="image/gif",
            extensions=("gif",),
            kept_as="gif",
            max_side_px=65_535,
            animated=True,
        ),
        ImageFormat(
            name="bmp",
            label="BMP",
            pillow="BMP",
            content_type="image/bmp",
            extensions=("bmp",),
            kept_as="png",
            max_side_px=NO_LONGEST_SIDE,
        ),
        ImageFormat(
            name="tiff",
            label="TIFF",
            pillow="TIFF",
            content_type="image/tiff",
            extensions=("tif", "tiff"),
            kept_as="tiff",
            max_side_px=NO_LONGEST_SIDE,
        ),
        ImageFormat(
            name="heic",
            label="HEIC",
            pillow="HEIF",
            content_type="image/heic",
            extensions=("heic",),
            kept_as="jpeg",
            max_side_px=NO_LONGEST_SIDE,
            advised=False,
        ),
        ImageFormat(
            name="ico",
            label="ICO",
            pillow="ICO",
            content_type="image/x-icon",
            extensions=("ico",),
            kept_as="png",
            max_side_px=NO_LONGEST_SIDE,
            advised=False,
            in_catalogs=False,
        ),
    )
}

WRITTEN = frozenset(
    {each.value for each in OutputFormat if each is not OutputFormat.KEEP}
    | {each.kept_as for each in FORMATS.values()}
)
MEDIA_TYPES = {ending: each.content_type for each in FORMATS.values() for ending in each.extensions}
# With the one kind of picture that catalogues name and no decoder reads.
CATALOG_EXTENSIONS = (
    *(ending for each in FORMATS.values() if each.in_catalogs for ending in each.extensions),
    "svg",
)


def content_type(format: str) -> str:  # noqa: A002 - the word the callers use
    """The media type of a format, for example `image/jpeg`."""
    return FORMATS[format].content_type


def extension(format: str) -> str:  # noqa: A002 - the word the callers use
    """The file ending of a format without the dot, for example `jpg`."""
    return FORMATS[format].extension


def output_format(source_format: str, wanted: OutputFormat) -> str:
    """The format an output gets: what was asked for, or the source's own for `keep`."""
    if wanted is OutputFormat.KEEP:
        return FORMATS[source_format].kept_as
    return wanted.value


def advised_labels() -> str:
    """The formats to use for sources, for the middle of a sentence: "JPEG, PNG or WebP"."""
    *others, last = (each.label for each in FORMATS.values() if each.advised)
    return f"{', '.join(others)} or {last}"


def output_choices() -> list[tuple[str, str]]:
    """The values of the option `format`, each with its meaning in a few words, for the page."""
    return [
        (each.value, "As the source")
        if each is OutputFormat.KEEP
        else (each.value, f"{FORMATS[each].label}: {FORMATS[each].suits}")
        for each in OutputFormat
    ]
