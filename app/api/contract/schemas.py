"""The JSON contract: what every answer looks like. Tests hold the services' documents to it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.domain.options import ProcessingOptions
from app.domain.statuses import ImageStatus, RequestStatus

HostState = Literal["ok", "slowed", "paused", "unreachable"]


class Document(BaseModel):
    """An answer has exactly the fields that its class names."""

    model_config = ConfigDict(extra="forbid")


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
    """Headers as they stand in the file."""

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
    header_row: int = Field(description="Line of the header in the file, from 1.")
    columns: DetectedColumns
    because: list[str] = Field(
        default_factory=list, description="The headers by which it was recognised."
    )


class HostCount(Document):
    """How often a host stands in the file."""

    host: str = Field(description="With its port, where one is given.")
    places: int


class Findings(Document):
    """What the whole file was found to have."""

    message: str
    products: int = Field(description="Products; in an export, one may have several rows.")
    images: int = Field(description="Distinct URLs; each is fetched once.")
    places: int = Field(description="URLs as they stand in the file.")
    duplicates: int = Field(description="Places whose URL stands in the file before.")
    hosts: int = Field(description="Distinct hosts; from 10,000 on they are not counted further.")
    top_hosts: list[HostCount] = Field(description="The hosts with the most places, up to 20.")
    bad_rows: int = Field(description="Rows left out because accept_valid_rows was asked for.")
    warnings: list[str]
    detected: Detected


class Accepted(Findings):
    """The upload is kept and will be processed."""

    request_id: str
    status: RequestStatus
    links: Links


class Preview(Findings):
    """What an upload of this file would find; nothing was stored."""

    dry_run: bool
    filename: str
    options: ProcessingOptions


class ImageCounts(Document):
    """Images of a request by where they stand."""

    total: int
    completed: int
    failed: int
    pending: int
    cancelled: int
    kept: int = Field(description="Completed, but the source was as small as it gets.")
    reused: int = Field(description="Completed with what an earlier request made, as unchanged.")


class ByteCounts(Document):
    """Sizes of the completed images before and after."""

    input: int
    output: int
    saved_percent: float


class WebhookTarget(Document):
    """Where the end of the request is told."""

    url: str


class HostThatHoldsUp(Document):
    """A host in trouble for which images of the request wait."""

    host: str = Field(description="With its port, where that is not 443.")
    state: HostState
    pending: int
    requests_per_second: float | None = Field(
        description="What all workers together ask of it at most; null: no limit in sight."
    )
    retry_at: datetime | None = Field(description="When it is asked next, if that has to wait.")


class RequestState(Document):
    """Where a request stands."""

    request_id: str
    status: RequestStatus
    reason: str | None = Field(description="Why the request failed, where it did.")
    filename: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    products: int
    places: int
    images: ImageCounts
    progress_percent: float = Field(ge=0, le=100)
    images_per_second: float | None = Field(
        description="How fast images end now; null before anything is known, and after the end."
    )
    eta_seconds: int | None = Field(
        description="Estimate of the time left; null where nothing can be said, as while a host is "
        "unreachable."
    )
    hosts: list[HostThatHoldsUp] = Field(
        description="Up to 5 hosts that hold the request up, those with the most images first."
    )
    bytes: ByteCounts
    errors: dict[str, int] = Field(description="Failed images by error code.")
    warnings: list[str]
    options: ProcessingOptions
    detected: Detected | None
    webhook: WebhookTarget | None
    links: Links


class RequestPage(Document):
    """Requests, newest first."""

    items: list[RequestState]
    next_cursor: str | None


class ProductName(Document):
    """The product beside which the image stands first."""

    serial_number: str
    name: str


class ImageFailure(Document):
    """Why an image failed, or why its last attempt did while it waits for the next one."""

    code: str
    message: str | None
    http_status: int | None


class ImageState(Document):
    """One image of a request, named by the place where its URL stands first."""

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


class HostImages(Document):
    """A request's images on one host."""

    total: int
    completed: int
    failed: int
    pending: int = Field(description="Not ended yet; 0 once the request has ended.")


class HostBytes(Document):
    """Sizes of a host's completed images before and after."""

    input: int
    output: int


class HostOfRequest(Document):
    """One image host of a request. Its state and rate are what all workers together have learnt."""

    host: str = Field(description="With its port, where that is not 443.")
    images: HostImages
    state: HostState = Field(
        description="slowed: it asked for fewer requests; paused: it is left alone until retry_at; "
        "unreachable: nothing of it succeeds. After the request's end, what a retry would meet."
    )
    requests_per_second: float | None = Field(
        description="What all workers together ask of it at most; null: no limit in sight."
    )
    retry_at: datetime | None = Field(description="When it is asked next, if that has to wait.")
    last_error: str | None
    bytes: HostBytes


class HostPage(Document):
    """Hosts by name."""

    items: list[HostOfRequest]
    next_cursor: str | None


class DeliveryAttempt(Document):
    """One try at a delivery and what came of it."""

    attempt: int
    attempted_at: datetime
    status_code: int | None
    error: str | None
    duration_ms: int


class Delivery(Document):
    """One message to a webhook."""

    id: str = Field(description="Names the delivery in the redeliver route.")
    webhook_id: str = Field(description="Sent as webhook-id, the same on every try.")
    event: str
    url: str
    status: str
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    attempts: list[DeliveryAttempt]


class DeliveryList(Document):
    """All deliveries of a request, newest first."""

    items: list[Delivery]


class Health(Document):
    """The process answers."""

    status: str


class Readiness(Document):
    """Whether calls should be sent here, and what each part says."""

    status: str = Field(description="ok, or degraded: works, but a part that helps is down.")
    checks: dict[str, Any]


class CellProblem(Document):
    """One thing wrong in a CSV."""

    row: int = Field(
        description="Line in the file where the record starts (the header is line 1), or row of "
        "the sheet."
    )
    column: str | None
    value: str | None
    code: str
    message: str


class DetectedInVain(Detected):
    """What was seen of a CSV, and the columns that may be meant."""

    candidates: list[str] | None = Field(
        None, description="Platforms whose export it may be, where these are several."
    )


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Address of the error's explanation, relative to the service.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable name of the error.")
    option: str | None = Field(None, description="Which option is meant.")
    detected: DetectedInVain | None = Field(
        None, description="What was seen of a CSV that cannot be used as it is."
    )
    errors: list[CellProblem] | None = Field(None, description="Up to 100 errors of a CSV.")
    error_count: int | None = Field(None, description="How many errors there are in all.")
