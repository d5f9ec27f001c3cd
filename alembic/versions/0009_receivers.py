"""receivers: whom each webhook goes to, and who of them does not answer

Revision ID: 0009
Revises: 0008
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DELIVERIES = "webhook_deliveries"
PENDING = "status = 'pending'"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Workers write images first and the webhook of the request's end behind them. All revisions
        # are one transaction, and a later one locks `images`: in the other order both would wait
        # for each other.
        op.execute("LOCK TABLE images IN SHARE ROW EXCLUSIVE MODE")
    # Workers fill them in for what is already there and for what the code before this one adds.
    op.add_column(DELIVERIES, sa.Column("owner", sa.Text(), server_default="", nullable=False))
    op.add_column(DELIVERIES, sa.Column("host", sa.Text(), server_default="", nullable=False))
    _pending_index("ix_webhook_deliveries_receivers", ["owner", "host", "next_attempt_at"])
    op.drop_index("ix_webhook_deliveries_due", DELIVERIES)
    op.create_table(
        "silent_receivers",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("silences", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "host", name=op.f("pk_silent_receivers")),
    )


def _pending_index(name: str, columns: list[str]) -> None:
    op.create_index(
        name, DELIVERIES, columns, postgresql_where=sa.text(PENDING), sqlite_where=sa.text(PENDING)
    )


def downgrade() -> None:
    op.drop_table("silent_receivers")
    _pending_index("ix_webhook_deliveries_due", ["next_attempt_at"])
    op.drop_index("ix_webhook_deliveries_receivers", DELIVERIES)
    op.drop_column(DELIVERIES, "host")
    op.drop_column(DELIVERIES, "owner")
