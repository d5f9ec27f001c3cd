"""sources: what format and size each picture had before it was compressed

Revision ID: 0008
Revises: 0007
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("images", sa.Column("source_format", sa.Text(), nullable=True))
    op.add_column("images", sa.Column("source_width", sa.BigInteger(), nullable=True))
    op.add_column("images", sa.Column("source_height", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("images", "source_height")
    op.drop_column("images", "source_width")
    op.drop_column("images", "source_format")
