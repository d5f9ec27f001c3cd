"""The diagram of the tables, from the models."""

from collections.abc import Iterator

from sqlalchemy import Column, Table

from app.db.models import Base

# Columns that lead to another table without a foreign key; `Product` says why there is none.
UNCHECKED = {
    "request_id": ("requests", "request_id"),
    "url_digest": ("images", "request_id, url_digest"),
    "reused_from": ("requests", "reused_from"),
}
# SQLAlchemy's names for types, as databases call them.
TYPES = {"biginteger": "bigint", "largebinary": "bytes", "utcdatetime": "timestamp"}


def table_blocks() -> dict[str, str]:
    """Blocks of docs/design.md."""
    tables = list(Base.metadata.tables.values())
    lines = ["erDiagram"]
    for table in tables:
        lines += [f"    {link}" for link in _links(table)]
    for table in tables:
        lines.append(f"    {table.name} {{")
        lines += [f"        {_column(column)}" for column in table.columns]
        lines.append("    }")
    return {"tables": "```mermaid\n" + "\n".join(lines) + "\n```"}


def _links(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.foreign_keys:
            target = next(iter(column.foreign_keys)).column.table.name
            yield f'{target} ||--o{{ {table.name} : "{column.name}"'
        elif column.name in UNCHECKED and UNCHECKED[column.name][0] != table.name:
            target, label = UNCHECKED[column.name]
            yield f'{target} ||..o{{ {table.name} : "{label}"'


def _column(column: Column[object]) -> str:
    kind = type(column.type).__name__.lower()
    marks = [
        *(["PK"] if column.primary_key else []),
        *(["FK"] if column.foreign_keys else []),
    ]
    line = f"{TYPES.get(kind, kind)} {column.name}"
    if marks:
        line += " " + ", ".join(marks)
    return line + (' "or null"' if column.nullable else "")
