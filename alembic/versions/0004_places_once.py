"""places once: no row for a place that its image tells, no digest where no URL stands twice

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

UNIQUE = "uq_images_request_id_url_digest"
REPEATED = "ix_images_repeated"
DIGEST = "url_digest IS NOT NULL"


def upgrade() -> None:
    op.add_column("products", sa.Column("first_place", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("images") as images:
        images.drop_constraint(UNIQUE, type_="unique")
        images.alter_column("url_digest", existing_type=sa.LargeBinary(), nullable=True)
    op.create_index(
        REPEATED,
        "images",
        ["request_id", "url_digest"],
        unique=True,
        postgresql_where=sa.text(DIGEST),
        sqlite_where=sa.text(DIGEST),
    )


def downgrade() -> None:
    op.drop_index(REPEATED, table_name="images")
    with op.batch_alter_table("images") as images:
        images.alter_column("url_digest", existing_type=sa.LargeBinary(), nullable=False)
        images.create_unique_constraint(UNIQUE, ["request_id", "url_digest"])
    op.drop_column("products", "first_place")
