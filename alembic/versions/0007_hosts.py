"""hosts: what workers know of each image host, and each request's counters by host

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TROUBLED = "state <> 'ok'"
GIVEN_UP = "give_up IS NOT NULL"


def upgrade() -> None:
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
    _partial_index("ix_hosts_troubled", "hosts", ["host"], TROUBLED)
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
    op.create_index("ix_request_hosts_host", "request_hosts", ["host"])
    _partial_index("ix_request_hosts_given_up", "request_hosts", ["request_id", "host"], GIVEN_UP)
    for column in (
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("speed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("speed_images", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("images_per_second", sa.Double(), nullable=True),
    ):
        op.add_column("requests", column)
    # Requests that were accepted before: their images tell.
    op.execute(
        """
        INSERT INTO request_hosts (request_id, host, images_total, images_completed,
            images_failed, input_bytes, output_bytes)
        SELECT images.request_id, images.host, count(*),
            sum(CASE WHEN images.status = 'completed' THEN 1 ELSE 0 END),
            sum(CASE WHEN images.status = 'failed' THEN 1 ELSE 0 END),
            coalesce(sum(CASE WHEN images.status = 'completed' THEN images.input_bytes END), 0),
            coalesce(sum(CASE WHEN images.status = 'completed' THEN images.output_bytes END), 0)
        FROM images JOIN requests ON requests.id = images.request_id
        GROUP BY images.request_id, images.host
        """
    )


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )


def downgrade() -> None:
    for column in ("images_per_second", "speed_images", "speed_at", "held_until"):
        op.drop_column("requests", column)
    op.drop_table("request_hosts")
    op.drop_table("hosts")
