"""The tables `hosts` and `request_hosts`: what is known of image hosts, and counted by host."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.dialect import partial_index
from app.db.models.base import Base, RequestId


class Host(Base):
    """An image host as all workers know it, remembered between requests.

    `control` is `domain.hosts.control.HostControl` as JSON: it is read and written as one value
    under the row's lock. The columns beside it are what people are shown.
    """

    __tablename__ = "hosts"

    host: Mapped[str] = mapped_column(primary_key=True)
    # `domain.hosts.exchange.HostState`.
    state: Mapped[str] = mapped_column(server_default="ok")
    # What all workers together may ask for; None: no limit in sight.
    requests_per_second: Mapped[float | None]
    retry_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    control: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]

    __table_args__ = (partial_index("ix_hosts_troubled", "host", where="state <> 'ok'"),)


class RequestHost(Base):
    """The counters of a request's images on one host; change only with the images' rows."""

    __tablename__ = "request_hosts"

    request_id: Mapped[str] = mapped_column(
        RequestId, ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True
    )
    # As in `Image.host`.
    host: Mapped[str] = mapped_column(primary_key=True)
    images_total: Mapped[int] = mapped_column(server_default="0")
    images_completed: Mapped[int] = mapped_column(server_default="0")
    images_failed: Mapped[int] = mapped_column(server_default="0")
    input_bytes: Mapped[int] = mapped_column(server_default="0")
    output_bytes: Mapped[int] = mapped_column(server_default="0")
    # The error code with which all images that wait are about to fail; cleared when they have.
    give_up: Mapped[str | None]
    give_up_message: Mapped[str | None]

    __table_args__ = (
        Index("ix_request_hosts_host", "host"),
        partial_index(
            "ix_request_hosts_given_up", "request_id", "host", where="give_up IS NOT NULL"
        ),
    )
