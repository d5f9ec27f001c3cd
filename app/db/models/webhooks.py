"""The outbox of webhooks, its log, and the receivers that did not answer."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.dialect import partial_index
from app.db.models.base import Base, RequestId


class WebhookDelivery(Base):
    """The outbox: one event to deliver, written in the transaction that ends the request."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    request_id: Mapped[str] = mapped_column(
        RequestId, ForeignKey("requests.id", ondelete="CASCADE")
    )
    # The request's owner and `host:port` of the URL; see `db.receivers.Receiver`.
    owner: Mapped[str]
    host: Mapped[str]
    event: Mapped[str]
    run: Mapped[int]
    url: Mapped[str]
    # The body is kept as sent first, so that every try is the same message under the same id.
    body: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(server_default="0")
    delivered_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("request_id", "event", "run"),
        partial_index(
            "ix_webhook_deliveries_receivers",
            "owner",
            "host",
            "next_attempt_at",
            where="status = 'pending'",
        ),
    )


class SilentReceiver(Base):
    """A receiver of webhooks that did not answer when it was last asked; an answer removes it."""

    __tablename__ = "silent_receivers"

    owner: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(primary_key=True)
    # Times in a row; attempts side by side count once.
    silences: Mapped[int]
    noted_at: Mapped[datetime]
    paused_until: Mapped[datetime]


class WebhookAttempt(Base):
    """One try at a delivery and what came of it."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[str] = mapped_column(
        RequestId, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempted_at: Mapped[datetime]
    status_code: Mapped[int | None]
    error: Mapped[str | None]
    duration_ms: Mapped[int]
