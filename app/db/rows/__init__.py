"""Writing a CSV's rows in bulk: COPY on Postgres, executemany on SQLite.

Imports `images`, `models` and `dialect`. A batch is prepared first and written then; `statistics`
keeps the planner informed meanwhile.
"""

from app.db.rows.batch import Batch, PreparedBatch
from app.db.rows.prepared import prepare

__all__ = ["Batch", "PreparedBatch", "prepare"]
