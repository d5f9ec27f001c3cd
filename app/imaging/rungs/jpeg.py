"""The fast rung: plain JPEG to JPEG of the same size, by libjpeg-turbo alone.

Most pictures of shops are of this kind, so it decides the cost of a picture; docs/decisions/0004
and 0009 have figures.
"""

from collections.abc import Callable
from functools import partial

import simplejpeg

from app.domain.formats import FORMATS, output_format
from app.domain.picture_options import PictureOptions
from app.imaging.files.bare.jpeg import strip
from app.imaging.files.limits import check_pixels
from app.imaging.files.orientation import UPRIGHT
from app.imaging.files.parts import Parts
from app.imaging.formats.jpeg import subsampling
from app.imaging.result import CompressedImage
from app.imaging.rungs.budget import lower_quality
from app.imaging.rungs.planes import HALVED, decode_planes, encode_planes
from app.imaging.steps.colour import is_srgb
from app.imaging.steps.decode import decode_array, read_header
from app.imaging.steps.resize import target_size

# libjpeg's names of colour spaces, with simplejpeg's for the pixels and the mode of a profile.
PLAIN_SPACES = {"YCbCr": ("RGB", "RGB"), "Gray": ("GRAY", "L")}


def compress(parts: Parts, options: PictureOptions, max_pixels: int) -> CompressedImage | None:
    """Compress an upright sRGB or gray JPEG that keeps its format and size; else None.

    Raises:
        CorruptImage: cut off or damaged.
        TooManyPixels: libjpeg reads another, larger size than we did.
    """
    if parts.format != "jpeg" or not parts.plain or parts.orientation != UPRIGHT:
        return None
    if output_format(parts.format, options.format) != "jpeg":
        return None
    if target_size(parts.size, options, FORMATS["jpeg"].max_side_px) != parts.size:
        return None
    decoded = _decode(parts, max_pixels, subsampling(options.quality))
    if decoded is None:
        return None
    encoded, notes = decoded

    data = encoded(options.quality)
    # `strip` scans for the end of the pixels, a fifth of the whole time, so only where needed.
    kept = len(data) >= len(parts.data) - parts.metadata_bytes
    if kept:
        data = strip(parts.data)
    if options.max_bytes is not None and len(data) > options.max_bytes:
        fitted, _ = lower_quality(encoded, data, options.quality, options.max_bytes)
        if fitted is None:
            return None
        data, kept = fitted.data, False
    width, height = parts.size
    return CompressedImage(
        data, "jpeg", width, height, kept, "jpeg", width, height, (*parts.notes, *notes)
    )


def _decode(
    parts: Parts, max_pixels: int, sampling: str
) -> tuple[Callable[[int], bytes], tuple[str, ...]] | None:
    """The picture as what makes a file of it at a given quality, and notes."""
    try:
        size, space, stored = read_header(parts.data)
        check_pixels(*size, max_pixels)
        if space not in PLAIN_SPACES or size != parts.size:
            return None
        wanted, mode = PLAIN_SPACES[space]
        if parts.icc_profile and not is_srgb(parts.icc_profile, mode):
            return None
        if stored == sampling == HALVED:
            planes = decode_planes(parts.data, parts.size)
            if planes is not None:
                return partial(encode_planes, planes), ()
        pixels, notes = decode_array(parts.data, wanted)
    except ValueError:
        # A kind that TurboJPEG does not know: the general rung may decode it.
        return None

    def encoded(quality: int) -> bytes:
        sampling = "Gray" if wanted == "GRAY" else subsampling(quality)
        file: bytes = simplejpeg.encode_jpeg(pixels, quality, wanted, sampling, fastdct=False)
        return file

    return encoded, notes
