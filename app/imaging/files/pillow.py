"""AVIF, HEIC, TIFF, BMP and ICO: Pillow reads their headers and tries only that format."""

from io import BytesIO

# Imported by name, so that Pillow never loads its forty other readers to look for a match.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from app.domain.errors import CorruptImage, TooManyPixels, UnsupportedFormat
from app.domain.formats import FORMATS
from app.imaging.files import bmp, iso, orientation
from app.imaging.files.bare import avif
from app.imaging.files.colours import code_points_note
from app.imaging.files.limits import MAX_PROFILE_BYTES, check_pixels, megapixels
from app.imaging.files.parts import Parts

READERS = (
    AvifImagePlugin.AvifImageFile,
    BmpImagePlugin.BmpImageFile,
    GifImagePlugin.GifImageFile,
    IcoImagePlugin.IcoImageFile,
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    TiffImagePlugin.TiffImageFile,
    WebPImagePlugin.WebPImageFile,
)
# What Pillow would otherwise import when it saves its first picture, where nothing can be opened.
Image.preinit()
# There is one child process per core already; a decoder's threads would only fight over them.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# Icons may hold PNGs, which Pillow then reads with all their texts.
PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK
ImageFile.LOAD_TRUNCATED_IMAGES = False


def open_image(data: bytes, format: str, max_pixels: int) -> Image.Image:  # noqa: A002
    """Open a file as the given format and no other, without decoding it (icons are decoded).

    Raises:
        CorruptImage: the format's reader does not understand it.
        TooManyPixels: its header asks for more than `max_pixels`.
    """
    # Pillow refuses above twice this, also inside of icons and for the tiles of a TIFF. Its
    # warning below that is not needed: `check_pixels` applies the exact limit.
    Image.MAX_IMAGE_PIXELS = max(1, max_pixels // 2)
    try:
        image = Image.open(BytesIO(data), formats=[FORMATS[format].pillow])
    except Image.DecompressionBombError as error:
        raise TooManyPixels(
            f"The picture has more than {megapixels(max_pixels)} megapixels."
        ) from error
    except MemoryError:
        raise
    except UnidentifiedImageError as error:
        raise CorruptImage(f"The {FORMATS[format].pillow} file is damaged.") from error
    except Exception as error:
        raise CorruptImage(f"The {FORMATS[format].pillow} file cannot be read.") from error
    check_pixels(*image.size, max_pixels)
    return image


def read(data: bytes, format: str, max_pixels: int) -> Parts:  # noqa: A002
    """Read the header of an AVIF, HEIC, TIFF, BMP or ICO.

    Pillow turns a TIFF upright itself while decoding, libheif a HEIC. For AVIF Pillow reports the
    file's rotation boxes as an EXIF orientation; an orientation in the own EXIF of AVIF and HEIC
    does not count (ISO/IEC 23000-22, 7.3.8).

    Raises:
        CorruptImage, TooManyPixels: as `open_image`.
        UnsupportedFormat: pixels that have no meaning without knowing the camera or the science.
    """
    if format == "bmp":
        data = bmp.with_usual_palette(data)
    try:
        opened = open_image(data, format, max_pixels)
    except CorruptImage:
        rewritten = bmp.with_usual_masks(data, max_pixels) if format == "bmp" else None
        if rewritten is None:
            raise
        data = rewritten
        opened = open_image(data, format, max_pixels)
    with opened as image:
        if image.mode in ("F", "I"):
            raise UnsupportedFormat(
                "The picture has 32 bits a channel. Please use one of 8 or 16 bits."
            )
        exif, profile = image.info.get("exif"), image.info.get("icc_profile")
        usable = isinstance(profile, bytes) and 0 < len(profile) <= MAX_PROFILE_BYTES
        points = None if profile else iso.code_points(data)
        notes = (
            *(("The colour profile was ignored.",) if profile and not usable else ()),
            *(code_points_note(*points) if format in ("avif", "heic") and points else ()),
        )
        metadata = {"exif", "xmp", "icc_profile"} & image.info.keys()
        bare = _bare_avif(data, metadata) if format == "avif" else None
        return Parts(
            format=format,
            size=image.size,
            data=bare or data,
            orientation=orientation.of(exif) if format == "avif" else orientation.UPRIGHT,
            icc_profile=profile if usable else None,
            frames=getattr(image, "n_frames", 1) if format == "avif" else 1,
            plays=0,
            # Of a TIFF, `files.bare.tiff` makes a file without metadata when it is asked for.
            plain=bare is not None or format == "tiff",
            notes=notes,
        )


def _bare_avif(data: bytes, metadata: set[str]) -> bytes | None:
    """The file without metadata where that takes no new encoding; a profile cannot be taken out."""
    length = iso.bare_length(data)
    if not metadata and length is not None:
        return data[:length]
    return None if "icc_profile" in metadata else avif.without_items(data)
