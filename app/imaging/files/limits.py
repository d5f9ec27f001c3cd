"""The limits on what one file may ask of a decoder; checked before anything is decoded."""

from app.domain.errors import CorruptImage, TooManyPixels

# Profiles of printing presses reach 3 MB; larger ones are attacks.
MAX_PROFILE_BYTES = 4 * 1024 * 1024
# Only the orientation is read, and it is at the start.
MAX_EXIF_BYTES = 1024 * 1024
# No camera, browser or program comes near these; such a file costs seconds before any pixel.
MAX_SEGMENTS = 20_000
MAX_SCANS = 100
MAX_FRAMES = 1_000


def check_pixels(width: int, height: int, max_pixels: int, *, frames: int = 1) -> None:
    """Refuse a picture by the size its header claims.

    Raises:
        CorruptImage: a side is zero.
        TooManyPixels: all frames together have more than `max_pixels`.
    """
    if width < 1 or height < 1:
        raise CorruptImage("The picture says it has no pixels.")
    if width * height * frames <= max_pixels:
        return
    if frames == 1:
        raise TooManyPixels(
            f"The picture has {megapixels(width * height)} megapixels ({width} x {height}); "
            f"the limit is {megapixels(max_pixels)} megapixels."
        )
    raise TooManyPixels(
        f"The animation has {frames} frames of {width} x {height} pixels, "
        f"{megapixels(width * height * frames)} megapixels in all; the limit is "
        f"{megapixels(max_pixels)} megapixels. Formats without animation take the first frame only."
    )


def check_frames(frames: int) -> None:
    """Refuse a file with more frames than any animation has."""
    if frames > MAX_FRAMES:
        raise TooManyPixels(f"The animation has more than {MAX_FRAMES} frames.")


def megapixels(pixels: int) -> str:
    """A count of pixels in millions, short enough for a sentence."""
    return f"{pixels / 1_000_000:.3g}" if pixels < 1_000_000_000 else f"{pixels // 1_000_000}"
