"""What a caller may ask for besides the CSV itself."""

import hashlib
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from app.domain.formats import OutputFormat
from app.domain.picture_options import PictureOptions

# JPEG and WebP end at 65,535 and 16,383 pixels a side; asking for more can never be met.
MAX_SIDE_PX = 16_383
# Raised whenever the codecs make other pictures of the same options: the next run then does every
# image again, instead of taking over what the code before has made.
PICTURES_VERSION = 2
_NOT_ABOUT_PICTURES = frozenset({"mode", "output", "fresh"})


class Mode(StrEnum):
    """What is done with the images: compress them, or only look at the first bytes of each."""

    COMPRESS = "compress"
    CHECK = "check"


class OutputMode(StrEnum):
    """Where the output CSV has the new addresses: in a column of its own, or in the image cells."""

    APPEND = "append"
    REPLACE = "replace"


class ProcessingOptions(BaseModel):
    """What is to become of every image of one request, and of its CSV.

    Sizes never grow: `scale`, `max_width` and `max_height` only shrink, and the ratio of the sides
    stays as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Field(
        Mode.COMPRESS,
        description="compress, or check = only look at the first bytes of every image: is it "
        "there, is it a picture, of which format and size; nothing is made or stored.",
    )
    quality: int = Field(
        50, ge=1, le=100, description="1 (smallest file) to 100 (best picture); 50 by default."
    )
    format: OutputFormat = Field(
        OutputFormat.JPEG, description="Format of the compressed images; keep = as the source."
    )
    scale: float = Field(
        1.0, gt=0, le=1, description="Factor on both sides: 0.5 halves width and height."
    )
    max_width: int | None = Field(
        None, ge=1, le=MAX_SIDE_PX, description="Widest output in pixels; wider images shrink."
    )
    max_height: int | None = Field(
        None, ge=1, le=MAX_SIDE_PX, description="Highest output in pixels; higher images shrink."
    )
    max_bytes: int | None = Field(
        None,
        ge=1_000,
        description="Largest output file in bytes; quality goes down, then size, until it fits.",
    )
    keep_originals: bool = Field(
        False, description="Keep the downloaded file beside the compressed one."
    )
    output: OutputMode = Field(
        OutputMode.APPEND,
        description="Output CSV: append = the file with one more column of new image URLs; "
        "replace = the same file with the image URLs replaced by the new ones.",
    )
    fresh: bool = Field(
        False,
        description="Do every image again, even those that did not change since an earlier "
        "request with the same options.",
    )

    @property
    def pictures(self) -> PictureOptions:
        """What the codecs have to know."""
        return PictureOptions(
            quality=self.quality,
            format=self.format,
            scale=self.scale,
            max_width=self.max_width,
            max_height=self.max_height,
            max_bytes=self.max_bytes,
        )

    @property
    def picture_digest(self) -> str | None:
        """The same for all options that make the same stored files of the same source.

        None where no files are made: a check neither takes pictures over nor leaves any.
        """
        if self.mode is Mode.CHECK:
            return None
        about = self.model_dump_json(exclude=set(_NOT_ABOUT_PICTURES))
        return hashlib.blake2b(f"{PICTURES_VERSION} {about}".encode(), digest_size=16).hexdigest()
