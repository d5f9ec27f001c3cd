"""The state of a request, and lists of requests."""

from pydantic import Field

from app.api.contract.base import Document, Moment
from app.api.contract.hosts import HostState
from app.api.contract.uploads import Detected, Links
from app.domain.options import ProcessingOptions
from app.domain.statuses import RequestStatus


class ImageCounts(Document):
    """Images of a request by their status."""

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
    """Who is called when the request ends."""

    url: str


class HostThatHoldsUp(Document):
    """A host in trouble for which images of the request wait."""

    host: str = Field(description="With its port, where that is not 443.")
    state: HostState
    pending: int
    requests_per_second: float | None = Field(
        description="What all workers together ask of it at most; null: no limit in sight."
    )
    retry_at: Moment | None = Field(description="When it is asked next, if that has to wait.")


class RequestState(Document):
    """The state of a request."""

    request_id: str
    status: RequestStatus
    reason: str | None = Field(description="Why the request failed, where it did.")
    filename: str
    created_at: Moment
    updated_at: Moment
    finished_at: Moment | None
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
