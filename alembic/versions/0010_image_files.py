"""image files: the files of an image beside its output, a row each

Revision ID: 0010
Revises: 0009
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

REUSED = "reused_from IS NOT NULL"
ORIGINALS = "reused_from IS NOT NULL AND original_key IS NOT NULL"
COLUMNS = "request_id, seq, role, key, bytes, width, height, format, reused_from"


def upgrade() -> None:
    op.create_table(
        "image_files",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("reused_from", sa.Uuid(as_uuid=False), nullable=True),
        sa.PrimaryKeyConstraint("request_id", "seq", "role", name=op.f("pk_image_files")),
    )
    _partial_index("ix_image_files_reused", "image_files", ["reused_from", "key"], REUSED)
    # Containers of the version before go on while this is applied, and write only `original_key`.
    # The trigger comes first: it waits for writers and keeps later ones out until the commit, so
    # that what they write is either copied below or noted by the trigger. When those containers
    # delete a request, its rows here stay; nothing reads them without their request.
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.execute(
        f"INSERT INTO image_files ({COLUMNS})"  # noqa: S608 - names of columns from above
        f" SELECT {_original('images')} FROM images WHERE original_key IS NOT NULL"
    )
    op.drop_index("ix_images_reused_originals", table_name="images")


def _original(image: str) -> str:
    facts = ("original_key", "input_bytes", "source_width", "source_height", "source_format")
    names = ("request_id", "seq", *facts, "reused_from")
    request_id, seq, *rest = (f"{image}.{name}" for name in names)
    return f"{request_id}, {seq}, 'original', {', '.join(rest)}"


_INSERT = (
    f"INSERT INTO image_files ({COLUMNS}) VALUES ({_original('NEW')})"  # noqa: S608
    " ON CONFLICT (request_id, seq, role) DO NOTHING"
)
_AFTER = "AFTER UPDATE OF original_key ON images FOR EACH ROW WHEN (NEW.original_key IS NOT NULL)"
_TRIGGERS = {
    "postgresql": (
        (
            "CREATE FUNCTION note_original() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {_INSERT}; RETURN NULL; END $$"
        ),
        f"CREATE TRIGGER note_original {_AFTER} EXECUTE FUNCTION note_original()",
    ),
    "sqlite": (f"CREATE TRIGGER note_original {_AFTER} BEGIN {_INSERT}; END",),
}


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER note_original ON images")
        op.execute("DROP FUNCTION note_original()")
    else:
        op.execute("DROP TRIGGER note_original")
    op.execute(
        "UPDATE images SET original_key = (SELECT key FROM image_files AS file"
        " WHERE file.request_id = images.request_id AND file.seq = images.seq"
        " AND file.role = 'original')"
        " WHERE EXISTS (SELECT 1 FROM image_files AS file"
        " WHERE file.request_id = images.request_id AND file.seq = images.seq"
        " AND file.role = 'original')"
    )
    op.drop_table("image_files")
    _partial_index(
        "ix_images_reused_originals", "images", ["reused_from", "original_key"], ORIGINALS
    )
