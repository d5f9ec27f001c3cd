"""The tables `api_keys`, `page_sessions` and `idempotency_keys`: who may upload, who is signed in
on the page, and what was uploaded twice.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.dialect import partial_index
from app.db.models.base import Base, RequestId


class ApiKey(Base):
    """A named API key that the operator made; what opens the service is not in here.

    A key is 32 random bytes, so one round of SHA-256 is enough: nobody can guess their way to it,
    and a slow hash would only slow down every call. Passwords would need the slow one.
    """

    __tablename__ = "api_keys"

    digest: Mapped[str] = mapped_column(primary_key=True)
    # Empty: only code before r002 reads it. It had the digest of a cookie that was made of the key.
    session_digest: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    # Revoked keys stay, so that revoking the last one does not open the service to everybody.
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        partial_index("ix_api_keys_active_name", "name", where="revoked_at IS NULL", unique=True),
    )


class PageSession(Base):
    """A browser that signed in; the cookie itself is in here as little as a key is."""

    __tablename__ = "page_sessions"

    digest: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_page_sessions_expires_at", "expires_at"),)


class IdempotencyKey(Base):
    """The answer that an upload with this `Idempotency-Key` got."""

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    request_id: Mapped[str] = mapped_column(
        RequestId, ForeignKey("requests.id", ondelete="CASCADE")
    )
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)
