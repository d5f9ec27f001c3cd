"""The images of a request."""

from pydantic import Field

from app.api.contract.base import Document
from app.domain.statuses import ImageStatus


class ProductName(Document):
    """The first product that has the image."""

    serial_number: str
    name: str


class ImageFailure(Document):
    """Why an image failed, or why its last attempt did while it waits for the next one."""

    code: str
    message: str | None
    http_status: int | None


class ImageState(Document):
    """One image of a request, named by the first place of its URL."""

    row: int = Field(description="Line in the file; the header is line 1.")
    position: int = Field(description="Which URL of the row, from 1.")
    product: ProductName
    input_url: str
    output_url: str | None = Field(
        description="The compressed picture; null while there is none, and always in a check."
    )
    status: ImageStatus
    kept: bool
    reused: bool = Field(description="Unchanged at its host: what an earlier request made.")
    error: ImageFailure | None
    input_bytes: int | None = Field(
        description="Of the source; in a check what its host says, null where it does not."
    )
    output_bytes: int | None
    width: int | None
    height: int | None
    format: str | None
    source_width: int | None = Field(description="Of the source in pixels, as it is seen.")
    source_height: int | None = Field(description="Of the source in pixels, as it is seen.")
    source_format: str | None
    notes: str | None
    attempts: int
    duration_ms: int | None


class ImagePage(Document):
    """Images in the order of the file."""

    items: list[ImageState]
    next_cursor: str | None
