"""The tables `images`, the queue and its results, and `image_files`: more files of an image."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.dialect import partial_index
from app.db.models.base import SQL_TYPES, Base, RequestId
from app.domain.results import FACTS, FILE_FACTS


class Image(Base):
    """One distinct URL of a request: an entry of the queue until it is done, then its result."""

    __tablename__ = "images"

    request_id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    # Running number of the URL's first place: the order of the file.
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
    duration_ms: Mapped[int | None]
    finished_at: Mapped[datetime | None]

    # One of the facts of a result, which all have a column: see the end of this file.
    storage_key: Mapped[str | None]

    # Where later requests find this image (`db/images/reuse.py`); only with a validator.
    reuse_key: Mapped[str | None]
    # The request that made the files and whose id is in their keys, when it was an earlier one.
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
    )


class ImageFile(Base):
    """A file of an image beside its output, whose facts are in the image's own row.

    The output is no row here, as one for each image would double what a batch of images writes
    (docs/decisions/0016).
    """

    __tablename__ = "image_files"

    request_id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    # The image's.
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # `domain.results.FileRole`.
    role: Mapped[str] = mapped_column(primary_key=True)
    # One of the facts of a file, which all have a column: see the end of this file.
    key: Mapped[str]
    # As in `Image`.
    reused_from: Mapped[str | None] = mapped_column(RequestId)

    __table_args__ = (
        # For deletes: which files of a request do others name?
        partial_index(
            "ix_image_files_reused", "reused_from", "key", where="reused_from IS NOT NULL"
        ),
    )


def _add_columns(table: type[Base], facts: Mapping[str, type]) -> None:
    for name, of in facts.items():
        if not hasattr(table, name):
            setattr(table, name, mapped_column(SQL_TYPES[of], nullable=True))


_add_columns(Image, FACTS)
_add_columns(ImageFile, FILE_FACTS)
