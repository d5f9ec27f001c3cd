"""Rows that a query has chosen, found again by where the engine keeps them.

Postgres is given no choice in this. Joined by their keys, it would find the rows through any index
that begins with `request_id`, as long as its statistics are older than the request: it takes that
for a handful of rows, reads all of them each time, and 100,000 images were claimed at 50 a second.
As a plain sub-query it could run the query again for every row, and lock more than wanted.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, literal_column, select

from app.db.models import Base


def addresses(dialect: str, table: type[Base]) -> Select[Any]:
    """A query for the addresses of rows of the table, to be narrowed by the caller.

    An address holds until its row is written to: lock the rows, or be the only one who writes.
    """
    return select(_address(dialect, table)).select_from(table)


def is_among(dialect: str, table: type[Base], chosen: Select[Any]) -> ColumnElement[bool]:
    """True for the rows whose addresses `chosen` gives; it runs once and before all else."""
    address = _address(dialect, table)
    if dialect == "sqlite":
        return address.in_(chosen)
    return address == any_(func.array(chosen.scalar_subquery()))


def _address(dialect: str, table: type[Base]) -> ColumnElement[Any]:
    name = "rowid" if dialect == "sqlite" else "ctid"
    return literal_column(f"{table.__tablename__}.{name}")
