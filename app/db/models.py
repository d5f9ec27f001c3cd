"""The tables. Alembic's migrations make them; a test holds that both agree."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC, also on SQLite, which stores none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Types by annotation: ids are text in Python and native UUIDs where the engine has them."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as it is)
        str: Text,
        int: BigInteger,
        float: Double,
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


RequestId = Uuid(as_uuid=False)


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
        Index(
            "ix_requests_open",
            "id",
            postgresql_where=text("status IN ('pending', 'processing')"),
            sqlite_where=text("status IN ('pending', 'processing')"),
        ),
        # For the limits of a key: what it has open must not cost its whole history to count.
        Index(
            "ix_requests_open_owner",
            "owner",
            postgresql_where=text("status IN ('pending', 'processing')"),
            sqlite_where=text("status IN ('pending', 'processing')"),
        ),
    )


class Product(Base):
    """One row of the CSV. `row` is the line in the file where it starts; the header is line 1.

    The tables of rows carry no foreign key to `requests`: its check on every inserted row costs as
    much as the row itself at a million rows, and only `delete` removes a request, with its rows.
    """

    __tablename__ = "products"

    request_id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    serial_number: Mapped[str]
    name: Mapped[str]
    # Running number of its first place, as in `Image.seq`. None: of a version that kept a row in
    # `product_images` for every place.
    first_place: Mapped[int | None]


class ProductImage(Base):
    """A place of the CSV whose URL stands in an earlier one, too, and which image it is.

    `position` counts a row's URLs from 1. A place where a URL stands first has no row here, as its
    image says where that is: most files are half as many rows by it. Older versions wrote all.
    """

    __tablename__ = "product_images"

    request_id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url_digest: Mapped[bytes] = mapped_column(LargeBinary)


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
    # Where later requests find this image (`db/reuse.py`); only with one of the validators above.
    reuse_key: Mapped[str | None]
    # The request that made the files and under whose id they lie, when it was an earlier one.
    reused_from: Mapped[str | None] = mapped_column(RequestId)

    __table_args__ = (
        Index(
            "ix_images_repeated",
            "request_id",
            "url_digest",
            unique=True,
            postgresql_where=text("url_digest IS NOT NULL"),
            sqlite_where=text("url_digest IS NOT NULL"),
        ),
        # What waits for its first claim is found by the key, from `requests.claimed_to` on.
        Index(
            "ix_images_again",
            "request_id",
            "not_before",
            "seq",
            postgresql_where=text("status = 'pending' AND fence > 0"),
            sqlite_where=text("status = 'pending' AND fence > 0"),
        ),
        Index(
            "ix_images_leased",
            "leased_until",
            postgresql_where=text("status = 'processing'"),
            sqlite_where=text("status = 'processing'"),
        ),
        Index(
            "ix_images_failed",
            "request_id",
            "seq",
            postgresql_where=text("status = 'failed'"),
            sqlite_where=text("status = 'failed'"),
        ),
        Index(
            "ix_images_reuse",
            "reuse_key",
            "request_id",
            postgresql_where=text("reuse_key IS NOT NULL"),
            sqlite_where=text("reuse_key IS NOT NULL"),
        ),
        # For deletes: which files of a request do others name?
        Index(
            "ix_images_reused_files",
            "reused_from",
            "storage_key",
            postgresql_where=text("reused_from IS NOT NULL"),
            sqlite_where=text("reused_from IS NOT NULL"),
        ),
        Index(
            "ix_images_reused_originals",
            "reused_from",
            "original_key",
            postgresql_where=text("reused_from IS NOT NULL AND original_key IS NOT NULL"),
            sqlite_where=text("reused_from IS NOT NULL AND original_key IS NOT NULL"),
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
        Index(
            "ix_request_hosts_given_up",
            "request_id",
            "host",
            postgresql_where=text("give_up IS NOT NULL"),
            sqlite_where=text("give_up IS NOT NULL"),
        ),
    )


class Host(Base):
    """An image host as all workers know it, remembered between requests.

    `control` is `domain.host_control.HostControl` as JSON: it is read and written as one value
    under the row's lock. The columns beside it are what people are shown.
    """

    __tablename__ = "hosts"

    host: Mapped[str] = mapped_column(primary_key=True)
    # `domain.hosts.HostState`.
    state: Mapped[str] = mapped_column(server_default="ok")
    # What all workers together may ask for; None: no limit in sight.
    requests_per_second: Mapped[float | None]
    retry_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    control: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_hosts_troubled",
            "host",
            postgresql_where=text("state <> 'ok'"),
            sqlite_where=text("state <> 'ok'"),
        ),
    )


class WebhookDelivery(Base):
    """The outbox: one event to deliver, written in the transaction that ends the request."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    request_id: Mapped[str] = mapped_column(
        RequestId, ForeignKey("requests.id", ondelete="CASCADE")
    )
    # The request's owner and `host:port` of the URL; see `db.receivers.Receiver`. Both are empty in
    # what the code before 0009 wrote, until a worker fills them in.
    owner: Mapped[str] = mapped_column(server_default="")
    host: Mapped[str] = mapped_column(server_default="")
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
        Index(
            "ix_webhook_deliveries_receivers",
            "owner",
            "host",
            "next_attempt_at",
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
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


class Lease(Base):
    """Who does a periodic job now, so that one sweep at a time runs among all workers."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[datetime]


class Installation(Base):
    """What tells this database from all others at work on the same store; one row (0006).

    The store keeps a note with `id` and a mark. Every look for orphans puts a new mark into both,
    so that a copy of this database, or an older state of it, is told by a mark that is not its own.
    """

    __tablename__ = "installation"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(RequestId)
    created_at: Mapped[datetime]
    # The last sign of life of a sweep; see `Unwatched`.
    seen_at: Mapped[datetime]
    # What was last to be written into the store, and what was there before it: a process may die
    # between the commit and the writing.
    mark: Mapped[str | None]
    former_mark: Mapped[str | None]
    # Why the last look for orphans deleted nothing, and when the log last said so.
    sweep_blocked: Mapped[str | None]
    warned_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("number = 1", name="only_one"),)


class Unwatched(Base):
    """A time of which this database cannot say that it knows every request made in it.

    Before its first sweep, and while no sweep ran: when it was restored from a backup, it does not
    know what was uploaded between the backup and the restore.
    """

    __tablename__ = "unwatched"

    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]


class ApiKey(Base):
    """A named API key that the operator made; what opens the service is not in here.

    A key is 32 random bytes, so one round of SHA-256 is enough: nobody can guess their way to it,
    and a slow hash would only slow down every call. Passwords would need the slow one.
    """

    __tablename__ = "api_keys"

    digest: Mapped[str] = mapped_column(primary_key=True)
    # Digest of what the page's cookie holds for this key; the cookie cannot be made from it either.
    session_digest: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    # Revoked keys stay, so that revoking the last one does not open the service to everybody.
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_api_keys_active_name",
            "name",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
            sqlite_where=text("revoked_at IS NULL"),
        ),
    )
