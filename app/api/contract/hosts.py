"""The image hosts of a request."""

from typing import Literal

from pydantic import Field

from app.api.contract.base import Document, Moment

HostState = Literal["ok", "slowed", "paused", "unreachable"]


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
    retry_at: Moment | None = Field(description="When it is asked next, if that has to wait.")
    last_error: str | None
    bytes: HostBytes


class HostPage(Document):
    """Hosts by name."""

    items: list[HostOfRequest]
    next_cursor: str | None
