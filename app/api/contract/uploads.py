"""What an upload is answered: what was found in the file, and where its request is."""

from typing import ClassVar

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from app.api.contract.base import Document
from app.domain.options import ProcessingOptions
from app.domain.statuses import RequestStatus


class Links(Document):
    """Where everything about a request is found."""

    status: str
    output_csv: str
    images: str
    hosts: str
    report_csv: str
    events: str
    webhook_deliveries: str


class DetectedColumns(Document):
    """Headers as the file spells them."""

    serial_number: str | None
    product_name: str | None
    images: list[str] = Field(
        description="All image columns, in the sequence in which their addresses are read."
    )


class Detected(Document):
    """What was recognised in the file."""

    platform: str | None = Field(
        None, description="Whose export it is; null: a plain list, or columns that were named."
    )
    delimiter: str
    encoding: str = Field(description="Of the text; xlsx where a workbook was uploaded.")
    sheet: str | None = Field(None, description="The sheet of a workbook that was read.")
    header_row: int = Field(
        description="Line of the header in the file, from 1; 0: a list of addresses without one."
    )
    columns: DetectedColumns
    because: list[str] = Field(
        default_factory=list, description="The headers by which it was recognised."
    )


class HostCount(Document):
    """How many URLs of the file name this host."""

    host: str = Field(description="With its port, where one is given.")
    places: int


class Findings(Document):
    """What the whole file was found to have."""

    # What is written before the fields that both answers share.
    FIRST: ClassVar[tuple[str, ...]] = ()

    message: str
    products: int = Field(description="Products; in an export, one may have several rows.")
    images: int = Field(description="Distinct URLs; each is fetched once.")
    places: int = Field(description="All URLs of the file, repeated ones included.")
    duplicates: int = Field(description="Places that repeat a URL of an earlier place.")
    hosts: int = Field(description="Distinct hosts; from 10,000 on they are not counted further.")
    top_hosts: list[HostCount] = Field(description="The hosts with the most places, up to 20.")
    bad_rows: int = Field(description="Rows left out because accept_valid_rows was asked for.")
    warnings: list[str]
    detected: Detected

    # A return type would take the place of the fields in the schema.
    @model_serializer(mode="wrap")
    def _in_the_order_of_reading(self, fields: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        written = fields(self)
        return {name: written[name] for name in self.FIRST} | written


class Accepted(Findings):
    """The upload is kept and will be processed."""

    FIRST = ("request_id", "status")

    request_id: str
    status: RequestStatus
    links: Links


class Preview(Findings):
    """What an upload of this file would find; nothing was stored."""

    FIRST = ("dry_run", "filename")

    dry_run: bool
    filename: str
    options: ProcessingOptions
