"""From a batch to what its database takes.

This is nearly all of the work in Python, and it can be done while the database takes the batch
before it.
"""

from datetime import datetime

from app.db.rows.batch import Batch, Places, PreparedBatch
from app.db.rows.copies import Copies
from app.db.rows.inserts import Inserts


def prepare(batch: Batch, request_id: str, *, now: datetime, is_sqlite: bool) -> PreparedBatch:
    """Make of a batch what its database takes.

    Args:
        now: from when on its images may be claimed.
    Raises:
        UnicodeEncodeError: a text has half of a character, which no database stores.
    """
    places = Places(batch)
    if is_sqlite:
        return Inserts(batch, places, request_id, now)
    return Copies(batch, places, request_id, now)
