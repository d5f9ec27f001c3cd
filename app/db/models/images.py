"""The table `images`: the queue and its results."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.dialect import partial_index
from app.db.models.base import Base, RequestId


class Image(Base):
    """One distinct URL of a request: an entry of the queue until it is done, then its result."""

    __tablename__ = "images"

    request_id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    # Running number of the place where the URL stands first: the order of the file.
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # A URL can be longer than an index entry may be; its digest is what is unique. None where the
    # file has every URL once: then nothing else is to be found by it.
    url_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    source_url: Mapped[str]
    host: Mapped[str]
    row: Mapped[int]
    position: Mapped[int]

    status: Mapped[str]
    # Not before this moment may it be claimed again; of no meaning before its first claim.
    not_before: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    # Counts every claim and never goes back: a write that names an old fence changes nothing, and
    # 0 means that nobody ever had it.
    fence: Mapped[int] = mapped_column(server_default="0")
    # Attempts that count towards FETCH_MAX_ATTEMPTS; a claim given back does not.
    attempts: Mapped[int] = mapped_column(server_default="0")

    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    http_status: Mapped[int | None]
    storage_key: Mapped[str | None]
    original_key: Mapped[str | None]
    kept: Mapped[bool | None]
    format: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    # Of the picture as it was fetched or, by a check, looked at; the sides as it is seen (upright).
    source_format: Mapped[str | None]
    source_width: Mapped[int | None]
    source_height: Mapped[int | None]
    input_bytes: Mapped[int | None]
    output_bytes: Mapped[int | None]
    duration_ms: Mapped[int | None]
    notes: Mapped[str | None]
    finished_at: Mapped[datetime | None]

    # What the host said of the file, to ask whether it is still the same, and who said it where
    # that was not the source URL itself.
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    final_url: Mapped[str | None]
    # Where later requests find this image (`db/images/reuse.py`); only with a validator.
    reuse_key: Mapped[str | None]
    # The request that made the files and under whose id they lie, when it was an earlier one.
    reused_from: Mapped[str | None] = mapped_column(RequestId)

    __table_args__ = (
        partial_index(
            "ix_images_repeated",
            "request_id",
            "url_digest",
            where="url_digest IS NOT NULL",
            unique=True,
        ),
        # What waits for its first claim is found by the key, from `requests.claimed_to` on.
        partial_index(
            "ix_images_again",
            "request_id",
            "not_before",
            "seq",
            where="status = 'pending' AND fence > 0",
        ),
        partial_index("ix_images_leased", "leased_until", where="status = 'processing'"),
        partial_index("ix_images_failed", "request_id", "seq", where="status = 'failed'"),
        partial_index("ix_images_reuse", "reuse_key", "request_id", where="reuse_key IS NOT NULL"),
        # For deletes: which files of a request do others name?
        partial_index(
            "ix_images_reused_files", "reused_from", "storage_key", where="reused_from IS NOT NULL"
        ),
        partial_index(
            "ix_images_reused_originals",
            "reused_from",
            "original_key",
            where="reused_from IS NOT NULL AND original_key IS NOT NULL",
        ),
    )
