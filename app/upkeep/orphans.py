"""Remove files that belong to no request: what a crash at the wrong moment left in the store.

A mistake here costs pictures, so a look at the store deletes only what this database can answer
for: in a store that is its own (`store_owner.py`), of times that it has watched
(`installation.py`), and not where most of the objects there are unknown to it.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog

from app.adapters import Adapters, now
from app.config import STORE_ADVICE
from app.db import installation as table
from app.db import leases, requests
from app.domain.errors import StoreError
from app.domain.naming import ORIGINALS_PREFIX, UPLOADS_PREFIX
from app.upkeep.installation import find_or_make, unwatched
from app.upkeep.shared_files import remove_own_files
from app.upkeep.store_owner import Blocked, check_owner, is_ours

log = structlog.get_logger(__name__)

LEASE = "orphans"
EVERY = timedelta(hours=1)
# A request's file is in the store before its row is in the database. Long after the slowest upload
# and the longest lease, a file without a row has none for ever.
OLD_ENOUGH = timedelta(hours=24)
IDS_PER_QUERY = 500
# Crashes leave single requests behind. Up to here there may be more of them than of known ones, as
# in a service that has just begun or whose requests have all expired.
HANDFUL = 20
# Deletes of one scan at most; the next one goes on. The ids take a few megabytes.
REMOVED_PER_LOOK = 10_000
WARN_EVERY = timedelta(days=1)

_SEEN = {
    Blocked.UNOWNED: "the store has pictures of requests, most of which this database does not "
    "know, and says nothing about whose they are",
    Blocked.FOREIGN: "the store belongs to another installation, or to this database before it was "
    "made again",
    Blocked.SHARED: "another database works on the same store, or this one is an older state of "
    "the one that did",
    Blocked.UNKNOWN: "this database does not know most of what is in the store",
}
_ADVICE = {
    Blocked.UNKNOWN: f"Check DATABASE_URL, {STORE_ADVICE}. If all of it may go: python -m app "
    "remove-orphans.",
}
_ADVICE_ON_OWNERS = (
    f"Check DATABASE_URL, {STORE_ADVICE}. If this database alone is to have the store: "
    "python -m app adopt-store."
)


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
    delete: none where the store may not be ours, which is logged once a day. With ORPHAN_SWEEP=off
    it only looks, so that other installations on the same store still see this one.
    """
    found = look_through(adapters, older_than=older_than, spared=unwatched(adapters))
    blocked = check_owner(adapters, mostly_known=found.known >= found.unknown)
    if blocked is None and found.may_go > max(HANDFUL, found.known):
        blocked = Blocked.UNKNOWN
    switched_on = adapters.settings.orphan_sweep == "on"
    _tell(adapters, blocked if switched_on else None, found)
    if blocked is not None or not switched_on:
        return 0
    return remove(adapters, found.orphans)


@dataclass(slots=True)
class StoreScan:
    """What one look through the store found, in folders: a request may have three.

    Attributes:
        known: folders of requests that the database knows.
        unknown: old ones that it does not know.
        may_go: of those, the ones of times that it has watched.
        orphans: the first ids of `may_go`.
    """

    known: int = 0
    unknown: int = 0
    may_go: int = 0
    orphans: dict[str, None] = field(default_factory=dict)


def look_through(
    adapters: Adapters, *, older_than: datetime, spared: Sequence[tuple[datetime, datetime]]
) -> StoreScan:
    """Ask the database about every folder in the store.

    Folders whose names are no ids of ours are left alone: somebody else's files may be in the same
    bucket.

    Args:
        older_than: an unknown request that is younger may be on its way into the database.
        spared: times (began, ended) of which no folder is an orphan.
    """
    found = StoreScan()
    folders = _folders(adapters)
    while some := list(islice(folders, IDS_PER_QUERY)):
        with adapters.database.read() as connection:
            known = requests.known(connection, {request_id for request_id, _ in some})
        for request_id, made_at in some:
            if request_id in known:
                found.known += 1
            elif made_at < older_than:
                found.unknown += 1
                if not any(began <= made_at <= ended for began, ended in spared):
                    found.may_go += 1
                    if len(found.orphans) < REMOVED_PER_LOOK:
                        found.orphans[request_id] = None
    return found


def remove(adapters: Adapters, request_ids: Iterable[str]) -> int:
    """Delete the files of these requests, as long as they have no row and the store is ours."""
    removed = 0
    left = iter(request_ids)
    while some := list(islice(left, IDS_PER_QUERY)):
        if not is_ours(adapters):
            log.warning("orphans_left", error="the store was given to another installation")
            break
        with adapters.database.read() as connection:
            known = requests.known(connection, some)
        for request_id in some:
            if request_id in known:
                continue
            files = remove_own_files(adapters, request_id)
            if files:
                log.warning("orphans_removed", request_id=request_id, files=files)
                removed += 1
    return removed


def _tell(adapters: Adapters, blocked: Blocked | None, found: StoreScan) -> None:
    """Keep for the metrics why nothing is deleted, and say so in the log: now, then once a day."""
    before = find_or_make(adapters)
    moment = now()
    same = before.sweep_blocked == blocked
    warned = same and before.warned_at is not None and before.warned_at > moment - WARN_EVERY
    if (blocked is None and same) or warned:
        return
    with adapters.database.transaction() as connection:
        table.set_blocked(connection, blocked, warned_at=moment if blocked else None)
    if blocked is not None:
        log.warning(
            "orphan_sweep_blocked",
            reason=blocked.value,
            seen=_SEEN[blocked],
            known_folders=found.known,
            unknown_folders=found.unknown,
            store=str(adapters.store),
            done="Nothing is deleted.",
            advice=_ADVICE.get(blocked, _ADVICE_ON_OWNERS),
        )


def _folders(adapters: Adapters) -> Iterator[tuple[str, datetime]]:
    for prefix in ("", ORIGINALS_PREFIX, UPLOADS_PREFIX):
        for name in adapters.store.folders(prefix):
            made_at = _time_of(name)
            if made_at is not None:
                yield name, made_at


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
