"""What Postgres knows of the tables of rows, brought up to date when a large request came in."""

from sqlalchemy import Connection

from app.db.dialect import analyze
from app.db.models import Image, Product, ProductImage

# The worst plan reads as many rows as the square of this; that is no burden yet.
FIRST_LOOK_ROWS, NEXT_LOOK_TIMES = 2_000, 10
# A tenth of Postgres' own thoroughness, 300 rows for each step: which requests are large shows in
# 3,000 rows of a table, and the 30,000 of a whole look take 0.4 s of processor time. Autovacuum's
# looks stay as they are.
STATISTICS_TARGET = 10


def due(rows_before: int, rows_after: int) -> bool:
    """True when a request has grown past a size at which Postgres should look at it (again).

    It scales what it has seen with the size of the tables, so each look lasts for ten times as many
    rows, and costs the same.
    """
    size = FIRST_LOOK_ROWS
    while size <= rows_before:
        size *= NEXT_LOOK_TIMES
    return size <= rows_after


def refresh(connection: Connection) -> None:
    """Have Postgres sample the tables of rows.

    Until it has, it takes a request that it never saw for one of a handful of rows, and reads all
    of them for each page, place or output row. Autovacuum comes by a minute later at best; beside
    millions of older rows it does not come at all.
    """
    analyze(connection, (Image, Product, ProductImage), statistics_target=STATISTICS_TARGET)
