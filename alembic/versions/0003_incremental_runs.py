"""incremental runs

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

REUSE = "reuse_key IS NOT NULL"
FILES = "reused_from IS NOT NULL"
ORIGINALS = "reused_from IS NOT NULL AND original_key IS NOT NULL"


def upgrade() -> None:
    op.add_column("requests", sa.Column("picture_digest", sa.Text(), nullable=True))
    op.add_column(
        "requests", sa.Column("images_reused", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_index("ix_requests_pictures", "requests", ["owner", "picture_digest", "id"])
    for name in ("etag", "last_modified", "final_url", "reuse_key"):
        op.add_column("images", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("images", sa.Column("reused_from", sa.Uuid(as_uuid=False), nullable=True))
    _partial_index("ix_images_reuse", ["reuse_key", "request_id"], REUSE)
    _partial_index("ix_images_reused_files", ["reused_from", "storage_key"], FILES)
    _partial_index("ix_images_reused_originals", ["reused_from", "original_key"], ORIGINALS)


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, "images", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )


def downgrade() -> None:
    for name in ("ix_images_reused_originals", "ix_images_reused_files", "ix_images_reuse"):
        op.drop_index(name, table_name="images")
    for name in ("reused_from", "reuse_key", "final_url", "last_modified", "etag"):
        op.drop_column("images", name)
    op.drop_index("ix_requests_pictures", table_name="requests")
    op.drop_column("requests", "images_reused")
    op.drop_column("requests", "picture_digest")
