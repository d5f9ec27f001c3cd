"""What the structure of a file says, before any decoder has seen it."""

from dataclasses import dataclass

from app.imaging.files.orientation import UPRIGHT, upright_size


class HeadTooShort(Exception):
    """Only the start of a file is here, and it does not say how large the picture is.

    Args:
        stored: width and height in pixels where they are known, but not which way up they are.
    """

    def __init__(self, stored: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.stored = stored


@dataclass(frozen=True, slots=True)
class Parts:
    """One picture file, read by our own bounded readers.

    Attributes:
        format: a key of `domain.formats.FORMATS`.
        size: width and height in pixels as stored, before it is turned upright.
        data: the file for the decoder. For PNG, WebP and GIF only picture data is left in it, so
            that no metadata can harm a decoder or reach an output.
        orientation: 1 to 8 as in EXIF.
        icc_profile: the colour profile, or None for sRGB.
        gamma: the exponent that a PNG without a profile names, or None.
        frames: 1 for a still picture.
        plays: how often an animation runs; 0 means for ever.
        metadata_bytes: bytes of metadata in the header of a JPEG's `data`.
        plain: browsers show this very encoding, so the file may be kept as it is.
        notes: sentences for the report.
    """

    format: str
    size: tuple[int, int]
    data: bytes
    orientation: int = UPRIGHT
    icc_profile: bytes | None = None
    gamma: float | None = None
    frames: int = 1
    plays: int = 1
    metadata_bytes: int = 0
    plain: bool = True
    notes: tuple[str, ...] = ()

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as the picture is seen."""
        return upright_size(self.size, self.orientation)
