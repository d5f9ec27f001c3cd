"""Many rows as one parameter: a JSON array that either engine unfolds into a table.

One statement for a whole batch, prepared once whatever its length, is what makes recording results
cost microseconds an image; VALUES lists and executemany cost more and differ between engines.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    FromClause,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine


def recordset(
    connection: Connection,
    name: str,
    columns: Mapping[str, TypeEngine[Any]],
    rows: Sequence[Mapping[str, Any]],
) -> FromClause:
    """A FROM element called `name` with these columns and one row for each of `rows`.

    Values must be what JSON can say: None, bool, int, float and str; one that is left out is None.
    """
    payload = json.dumps(rows)
    if connection.dialect.name == "sqlite":
        each = func.json_each(literal(payload)).table_valued("value")
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
        func.jsonb_to_recordset(cast(literal(payload), JSONB()))
        .table_valued(*(column(key, type_) for key, type_ in columns.items()))
        .render_derived(name=name, with_types=True)
    )
