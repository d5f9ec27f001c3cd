"""first tables

Revision ID: r001
Revises:
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "r001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("session_digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_api_keys")),
    )
    _partial_index(
        "ix_api_keys_active_name", "api_keys", ["name"], "revoked_at IS NULL", unique=True
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="ok", nullable=False),
        sa.Column("requests_per_second", sa.Double(), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("control", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )
    _partial_index("ix_hosts_troubled", "hosts", ["host"], "state <> 'ok'")
    op.create_table(
        "image_files",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reused_from", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", "seq", "role", name=op.f("pk_image_files")),
    )
    _partial_index(
        "ix_image_files_reused", "image_files", ["reused_from", "key"], "reused_from IS NOT NULL"
    )
    op.create_table(
        "images",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("url_digest", sa.LargeBinary(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("http_status", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("reuse_key", sa.Text(), nullable=True),
        sa.Column("reused_from", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("input_bytes", sa.BigInteger(), nullable=True),
        sa.Column("source_width", sa.BigInteger(), nullable=True),
        sa.Column("source_height", sa.BigInteger(), nullable=True),
        sa.Column("source_format", sa.Text(), nullable=True),
        sa.Column("output_bytes", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("final_url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", "seq", name=op.f("pk_images")),
    )
    _partial_index(
        "ix_images_again",
        "images",
        ["request_id", "not_before", "seq"],
        "status = 'pending' AND fence > 0",
    )
    _partial_index("ix_images_failed", "images", ["request_id", "seq"], "status = 'failed'")
    _partial_index("ix_images_leased", "images", ["leased_until"], "status = 'processing'")
    _partial_index(
        "ix_images_repeated",
        "images",
        ["request_id", "url_digest"],
        "url_digest IS NOT NULL",
        unique=True,
    )
    _partial_index(
        "ix_images_reuse", "images", ["reuse_key", "request_id"], "reuse_key IS NOT NULL"
    )
    _partial_index(
        "ix_images_reused_files",
        "images",
        ["reused_from", "storage_key"],
        "reused_from IS NOT NULL",
    )
    op.create_table(
        "installation",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mark", sa.Text(), nullable=True),
        sa.Column("former_mark", sa.Text(), nullable=True),
        sa.Column("sweep_blocked", sa.Text(), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_installation")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "product_images",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("url_digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "row", "position", name=op.f("pk_product_images")),
    )
    op.create_table(
        "products",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "row", name=op.f("pk_products")),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("detected", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("webhook_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("picture_digest", sa.Text(), nullable=True),
        sa.Column("products", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("images_total", sa.BigInteger(), nullable=False),
        sa.Column("images_completed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("images_failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("images_kept", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("images_reused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("input_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("output_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ingested_row", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ingested_places", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ingested_images", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ingest_fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ingest_leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_to", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("images_per_second", sa.Double(), nullable=True),
        sa.Column("speed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("speed_images", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    _partial_index("ix_requests_open", "requests", ["id"], "status IN ('pending', 'processing')")
    _partial_index(
        "ix_requests_open_owner", "requests", ["owner"], "status IN ('pending', 'processing')"
    )
    op.create_index("ix_requests_owner_id", "requests", ["owner", "id"])
    op.create_index("ix_requests_pictures", "requests", ["owner", "picture_digest", "id"])
    op.create_table(
        "silent_receivers",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("silences", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "host", name=op.f("pk_silent_receivers")),
    )
    op.create_table(
        "unwatched",
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("began_at", name=op.f("pk_unwatched")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["requests.id"],
            name=op.f("fk_idempotency_keys_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "request_errors",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("images", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["requests.id"],
            name=op.f("fk_request_errors_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request_id", "code", name=op.f("pk_request_errors")),
    )
    op.create_table(
        "request_hosts",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("images_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("images_completed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("images_failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("input_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("output_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("give_up", sa.Text(), nullable=True),
        sa.Column("give_up_message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["requests.id"],
            name=op.f("fk_request_hosts_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request_id", "host", name=op.f("pk_request_hosts")),
    )
    _partial_index(
        "ix_request_hosts_given_up", "request_hosts", ["request_id", "host"], "give_up IS NOT NULL"
    )
    op.create_index("ix_request_hosts_host", "request_hosts", ["host"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["requests.id"],
            name=op.f("fk_webhook_deliveries_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "request_id", "event", "run", name=op.f("uq_webhook_deliveries_request_id_event_run")
        ),
    )
    _partial_index(
        "ix_webhook_deliveries_receivers",
        "webhook_deliveries",
        ["owner", "host", "next_attempt_at"],
        "status = 'pending'",
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("attempt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_code", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_deliveries.id"],
            name=op.f("fk_webhook_attempts_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "attempt", name=op.f("pk_webhook_attempts")),
    )


def _partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_deliveries")
    op.drop_table("request_hosts")
    op.drop_table("request_errors")
    op.drop_table("idempotency_keys")
    op.drop_table("unwatched")
    op.drop_table("silent_receivers")
    op.drop_table("requests")
    op.drop_table("products")
    op.drop_table("product_images")
    op.drop_table("leases")
    op.drop_table("installation")
    op.drop_table("images")
    op.drop_table("image_files")
    op.drop_table("hosts")
    op.drop_table("api_keys")
