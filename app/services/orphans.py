"""Remove files that belong to no request: what a crash at the wrong moment left in the store."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog

from app.db import leases, requests
from app.domain.errors import StoreError
from app.domain.naming import ORIGINALS_PREFIX, UPLOADS_PREFIX
from app.services.adapters import Adapters, now
from app.services.shared_files import remove_own_files

log = structlog.get_logger(__name__)

LEASE = "orphans"
EVERY = timedelta(hours=1)
# A request's file is in the store before its row is in the database. Long after the slowest upload
# and the longest lease, a file without a row has none for ever.
OLD_ENOUGH = timedelta(hours=24)
IDS_PER_QUERY = 500


def remove_orphans_now_and_then(adapters: Adapters) -> None:
    """Look for orphans once an hour, whichever worker comes first."""
    moment = now()
    with adapters.database.transaction() as connection:
        # A holder of its own for each look: not even the last one may look again before its time.
        ours = leases.acquire(
            connection, LEASE, holder=uuid.uuid4().hex, now=moment, expires_at=moment + EVERY
        )
    if not ours:
        return
    try:
        remove_orphans(adapters, older_than=moment - OLD_ENOUGH)
    except StoreError as error:
        log.warning("orphans_left", error=str(error))


def remove_orphans(adapters: Adapters, *, older_than: datetime) -> int:
    """Delete the files of requests that have no row and began before `older_than`.

    Pictures that other requests have taken over stay. Returns how many requests had files to
    delete. Folders whose names are no ids of ours are left alone: somebody else's files may lie in
    the same bucket.
    """
    removed = 0
    old_ids = _old_ids(adapters, older_than)
    while ids := list(islice(old_ids, IDS_PER_QUERY)):
        with adapters.database.read() as connection:
            known = requests.known(connection, ids)
        for request_id in dict.fromkeys(ids):
            if request_id in known:
                continue
            files = remove_own_files(adapters, request_id)
            if files:
                log.warning("orphans_removed", request_id=request_id, files=files)
                removed += 1
    return removed


def _old_ids(adapters: Adapters, older_than: datetime) -> Iterator[str]:
    for prefix in ("", ORIGINALS_PREFIX, UPLOADS_PREFIX):
        for name in adapters.store.folders(prefix):
            made_at = _time_of(name)
            if made_at is not None and made_at < older_than:
                yield name


def _time_of(name: str) -> datetime | None:
    """When an id of ours was made, or None when the name is none."""
    try:
        parsed = uuid.UUID(name)
    except ValueError:
        return None
    if parsed.version != 7 or str(parsed) != name:
        return None
    milliseconds = parsed.int >> 80
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
