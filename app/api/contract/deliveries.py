"""The delivery log of webhooks."""

from pydantic import Field

from app.api.contract.base import Document, Moment


class DeliveryAttempt(Document):
    """One try at a delivery and what came of it."""

    attempt: int
    attempted_at: Moment
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
    created_at: Moment
    next_attempt_at: Moment | None
    delivered_at: Moment | None
    attempts: list[DeliveryAttempt]


class DeliveryList(Document):
    """All deliveries of a request, newest first."""

    items: list[Delivery]
