"""What is to become of one picture: all that a codec child has to know."""

from dataclasses import dataclass

from app.domain.formats import OutputFormat


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """The part of `ProcessingOptions` that is about a picture; see there, also for the bounds."""

    quality: int
    format: OutputFormat
    scale: float
    max_width: int | None
    max_height: int | None
    max_bytes: int | None
