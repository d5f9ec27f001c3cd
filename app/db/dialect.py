"""Everything that Postgres and SQLite need said differently, one function each.

The connections themselves are in `engine`, and how a CSV's rows are written is in `rows`. A
`dialect` is the name that a connection gives: `connection.dialect.name`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Index,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    null,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.types import TypeEngine

Table = type[DeclarativeBase]


def is_sqlite(dialect: str) -> bool:
    """True for SQLite; everything else is Postgres."""
    return dialect == "sqlite"


def upsert(dialect: str, table: Table) -> Any:
    """An INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return sqlite.insert(table) if is_sqlite(dialect) else postgresql.insert(table)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of only those rows that meet the condition."""
    condition = text(where)
    return Index(name, *columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


# --- rows by their physical place -----------------------------------------------------------------


def row_ids(dialect: str, table: Table) -> Select[Any]:
    """A query for the physical places of rows of the table, to be narrowed by the caller.

    Postgres calls such a place a TID, SQLite a rowid. It holds until the row is written to: lock
    the rows, or be the only one who writes.
    """
    return select(_row_id(dialect, table)).select_from(table)


def has_row_id_of(dialect: str, table: Table, rows: Select[Any]) -> ColumnElement[bool]:
    """True for the rows whose places a query of `row_ids` gives; it runs once and before all else.

    This forces a TID scan. Joined by their keys, Postgres would find the rows through any index
    that begins with `request_id`, as long as its statistics are older than the request: it takes
    that for a handful of rows, reads all of them each time, and 100,000 images were claimed at 50 a
    second. As a plain sub-query it could run the query again for every row, and lock too many.
    """
    row_id = _row_id(dialect, table)
    if is_sqlite(dialect):
        return row_id.in_(rows)
    return row_id == any_(func.array(rows.scalar_subquery()))


def _row_id(dialect: str, table: Table) -> ColumnElement[Any]:
    name = "rowid" if is_sqlite(dialect) else "ctid"
    return literal_column(f"{table.__tablename__}.{name}")


# --- many rows as one parameter -------------------------------------------------------------------


def json_table(dialect: str, name: str, columns: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """A FROM element called `name` with these columns, whose rows are the JSON parameter `name`.

    One statement for a whole batch, prepared once whatever its length, is what makes recording
    results cost microseconds an image; VALUES lists and executemany cost more.

    Args:
        dialect: the connection's; the statement is for it alone.
        name: no column of the table that the statement writes to may have it.
    """
    payload = bindparam(name, type_=Text())
    if is_sqlite(dialect):
        each = func.json_each(payload).table_valued("value")
        unfolded = select(
            *(
                func.json_extract(each.c.value, f"$.{key}", type_=type_).label(key)
                for key, type_ in columns.items()
            )
        )
        # Materialized, SQLite walks these rows and looks each one up in the other table. Otherwise
        # it walks that table, and one batch costs as much as the whole request is long.
        return unfolded.cte(name).prefix_with("MATERIALIZED")
    return (
        func.jsonb_to_recordset(cast(payload, JSONB()))
        .table_valued(*(column(key, type_) for key, type_ in columns.items()))
        .render_derived(name=name, with_types=True)
    )


def json_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as the parameter of a `json_table`.

    Values must be what JSON can say: None, bool, int, float and str; one that is left out is None.
    """
    return json.dumps(rows)


def uuid_in_json(value: str) -> str:
    """An id as text: SQLite's column stores it, and Postgres reads it."""
    return value.replace("-", "")


def moment_in_json(value: datetime) -> str:
    """A moment as SQLite's column has it in text, and as Postgres reads it, as UTC."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


# --- clock, texts, locks, statistics --------------------------------------------------------------


def clock(dialect: str) -> ColumnElement[Any]:
    """The server's clock; NULL on SQLite, whose clock is the caller's own machine's."""
    return null() if is_sqlite(dialect) else func.clock_timestamp()


def contains(dialect: str, column: InstrumentedAttribute[str], part: str) -> ColumnElement[bool]:
    """True where the column contains the text, whatever its case."""
    if not is_sqlite(dialect) or part.isascii():
        return column.icontains(part, autoescape=True)
    # SQLite's own LIKE knows no case outside of ASCII. `engine` gives its connections `casefolded`;
    # it costs more than LIKE, so it is left to the texts that need it.
    return func.instr(func.casefolded(column), part.casefold()) > 0


def lock_name(connection: Connection, number: int, name: str | None = None) -> None:
    """Let one transaction after the other past this call, for each number and name.

    A transaction that writes to SQLite is alone anyway.
    """
    if is_sqlite(connection.dialect.name):
        return
    if name is None:
        connection.execute(select(func.pg_advisory_xact_lock(number)))
    else:
        connection.execute(select(func.pg_advisory_xact_lock(number, func.hashtext(name))))


def analyze(connection: Connection, tables: Sequence[Table], *, statistics_target: int) -> None:
    """Have Postgres' planner sample the tables; SQLite plans without statistics.

    A table that something else is analyzing or vacuuming is left to that.
    """
    if not is_sqlite(connection.dialect.name):
        names = ", ".join(table.__tablename__ for table in tables)
        connection.execute(text(f"SET LOCAL default_statistics_target = {statistics_target}"))
        connection.execute(text(f"ANALYZE (SKIP_LOCKED) {names}"))
