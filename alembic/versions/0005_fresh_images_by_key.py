"""fresh images by key: the queue's index has only what was claimed before

Revision ID: 0005
Revises: 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

QUEUE, AGAIN = "ix_images_queue", "ix_images_again"
COLUMNS = ["request_id", "not_before", "seq"]
WAITING = "status = 'pending'"
CLAIMED_BEFORE = "status = 'pending' AND fence > 0"


def upgrade() -> None:
    op.add_column(
        "requests", sa.Column("claimed_to", sa.BigInteger(), server_default="0", nullable=False)
    )
    _replace(QUEUE, AGAIN, CLAIMED_BEFORE)


def downgrade() -> None:
    _replace(AGAIN, QUEUE, WAITING)
    op.drop_column("requests", "claimed_to")


def _replace(old: str, new: str, condition: str) -> None:
    op.create_index(
        new,
        "images",
        COLUMNS,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )
    op.drop_index(old, table_name="images")
