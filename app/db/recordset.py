"""Many rows as one parameter: a JSON array that either engine unfolds into a table.

One statement for a whole batch, prepared once whatever its length, is what makes recording results
cost microseconds an image; VALUES lists and executemany cost more and differ between engines.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import FromClause, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine


def recordset(dialect: str, name: str, columns: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """A FROM element called `name` with these columns, whose rows are the parameter `name`.

    Args:
        dialect: the connection's; the statement is for it alone.
        name: no column of the table that the statement writes to may have it.
    """
    payload = bindparam(name, type_=Text())
    if dialect == "sqlite":
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


def as_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as such a parameter.

    Values must be what JSON can say: None, bool, int, float and str; one that is left out is None.
    """
    return json.dumps(rows)
