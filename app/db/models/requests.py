"""The tables `requests` and `request_errors`: one uploaded CSV and its counters."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.dialect import partial_index
from app.db.models.base import Base, RequestId
from app.domain.statuses import RequestStatus

# Not ended yet; the partial indexes below say the same.
OPEN = (RequestStatus.PENDING.value, RequestStatus.PROCESSING.value)


class ProcessingRequest(Base):
    """One uploaded CSV, its options, and counters that change only together with the images."""

    __tablename__ = "requests"

    id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    # Digest of the API key that uploaded it; empty where the service is open.
    owner: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str]
    reason: Mapped[str | None]
    filename: Mapped[str]
    options: Mapped[dict[str, Any]]
    detected: Mapped[dict[str, Any]]
    warnings: Mapped[list[str]]
    webhook_url: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # Set by DELETE: hidden at once, its rows and files go in the background when there are many.
    deleted_at: Mapped[datetime | None]
    # Counts up with every retry, so that each end of the request has a webhook of its own.
    run: Mapped[int] = mapped_column(server_default="1")
    # `ProcessingOptions.picture_digest`: only pictures of an equal one can be taken over. None:
    # made by a version that did not keep it.
    picture_digest: Mapped[str | None]

    products: Mapped[int]
    places: Mapped[int]
    images_total: Mapped[int]
    images_completed: Mapped[int] = mapped_column(server_default="0")
    images_failed: Mapped[int] = mapped_column(server_default="0")
    images_kept: Mapped[int] = mapped_column(server_default="0")
    images_reused: Mapped[int] = mapped_column(server_default="0")
    input_bytes: Mapped[int] = mapped_column(server_default="0")
    output_bytes: Mapped[int] = mapped_column(server_default="0")

    # Ingest: the last row of the file that is in the tables, and who is writing.
    ingested_at: Mapped[datetime | None]
    ingested_row: Mapped[int] = mapped_column(server_default="0")
    ingested_places: Mapped[int] = mapped_column(server_default="0")
    ingested_images: Mapped[int] = mapped_column(server_default="0")
    ingest_fence: Mapped[int] = mapped_column(server_default="0")
    ingest_leased_until: Mapped[datetime | None]
    # No image up to this `seq` waits for its first claim; lags behind, and never goes back.
    claimed_to: Mapped[int] = mapped_column(server_default="0")
    # Until then every image that is left waits for its host: no worker needs to look.
    held_until: Mapped[datetime | None]
    # Moving average of images done a second, and where its last sample was taken.
    images_per_second: Mapped[float | None]
    speed_at: Mapped[datetime | None]
    speed_images: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        Index("ix_requests_owner_id", "owner", "id"),
        Index("ix_requests_pictures", "owner", "picture_digest", "id"),
        partial_index("ix_requests_open", "id", where="status IN ('pending', 'processing')"),
        # For the limits of a key: what it has open must not cost its whole history to count.
        partial_index(
            "ix_requests_open_owner", "owner", where="status IN ('pending', 'processing')"
        ),
    )


class RequestError(Base):
    """How many images of a request failed with which code; changes with the images' rows."""

    __tablename__ = "request_errors"

    request_id: Mapped[str] = mapped_column(
        RequestId, ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    images: Mapped[int]
