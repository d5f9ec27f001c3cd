"""Who this database is, and of which times it knows every request."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.adapters import Adapters, now
from app.db import installation as table
from app.db import requests

SEEN_EVERY = timedelta(minutes=1)
# Sweeps that come later than this, and three of their pauses, have been missing.
BREAK = timedelta(minutes=2)
# An upload gets its id when it arrives, and its row only when all of it was read and stored.
SLOWEST_UPLOAD = timedelta(hours=1)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def find_or_make(adapters: Adapters) -> table.InstallationRow:
    """The row of this database; the first of several processes makes it.

    What was made before the oldest request that the database knows is another's. What was made
    since the newest one may be as well: this may be an old backup.
    """
    with adapters.database.read() as connection:
        row = table.find(connection)
    if row is not None:
        return row
    moment = now()
    with adapters.database.transaction() as connection:
        if table.make(connection, str(uuid.uuid4()), now=moment):
            oldest, newest = requests.time_span(connection) or (moment, moment)
            table.add_unwatched(connection, began_at=BEGINNING, ended_at=oldest)
            table.add_unwatched(connection, began_at=newest - SLOWEST_UPLOAD, ended_at=moment)
        row = table.find(connection)
    assert row is not None  # noqa: S101 - nothing ever deletes it
    return row


def watch(adapters: Adapters) -> None:
    """Note that this database is at work now; every sweep does, and writes once a minute.

    A database that was restored from a backup sees by its last sign of life how old that is: the
    time in between is noted as unwatched. A service that was off does so as well, which is harmless
    as nothing was uploaded then.
    """
    row = find_or_make(adapters)
    moment = now()
    missing = BREAK + timedelta(seconds=3 * adapters.settings.sweep_seconds)
    # A clock that was set back must not keep the signs from being written.
    if row.seen_at <= moment < row.seen_at + SEEN_EVERY:
        return
    with adapters.database.transaction() as connection:
        ours = table.see(connection, last=row.seen_at, now=moment)
        if ours and moment > row.seen_at + missing:
            table.add_unwatched(connection, began_at=row.seen_at - SLOWEST_UPLOAD, ended_at=moment)


def unwatched(adapters: Adapters) -> Sequence[tuple[datetime, datetime]]:
    """The times of which this database may not know every request."""
    with adapters.database.read() as connection:
        return table.unwatched(connection)
