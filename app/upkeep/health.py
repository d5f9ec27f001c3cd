"""Can the service do its work now, and how much is waiting?"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from app.adapters import Adapters, now
from app.db import installation, receivers, silent_receivers
from app.db.requests import totals
from app.domain.errors import DatabaseUnavailable, StoreError

log = structlog.get_logger(__name__)

# Shorter than the time that load balancers give a probe.
ANSWER_SECONDS = 2.5
# A writer has the database to itself for milliseconds; uploads that wait longer would fail.
WRITE_LOCK_SECONDS = 2.0


class Readiness:
    """Asks each outside thing for a sign of life, all at once and not for longer than a moment.

    A part that was asked and is still silent is not asked again: at most one thread waits for each,
    however often somebody wants to know.
    """

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._asked: dict[str, asyncio.Future[bool]] = {}

    async def look(self, *, draining: bool) -> dict[str, Any]:
        """What works now.

        `unavailable`: uploads would fail. `degraded`: the broker is away, so work starts at the
        next sweep instead of at once.
        """
        asked = {part: self._ask(part, answers) for part, answers in _PARTS.items()}
        await asyncio.wait(asked.values(), timeout=ANSWER_SECONDS)
        checks = {part: "ok" if _is_well(one) else "unavailable" for part, one in asked.items()}
        # Told only where there is something to do about it; many services have no disk at all.
        if checks.pop("disk") != "ok":
            checks["disk"] = "nearly full"
        for part, one in asked.items():
            if not one.done():
                log.warning(f"{part}_silent", seconds=ANSWER_SECONDS)
        if draining:
            checks["draining"] = "yes"
        away = "unavailable" in (checks["database"], checks["store"])
        if draining or away or "disk" in checks:
            return {"status": "unavailable", "checks": checks}
        return {"status": "ok" if checks["broker"] == "ok" else "degraded", "checks": checks}

    def _ask(self, part: str, answers: Callable[[Adapters], bool]) -> asyncio.Future[bool]:
        before = self._asked.get(part)
        if before is None or before.done():
            thread = asyncio.to_thread(answers, self._adapters)
            self._asked[part] = before = asyncio.ensure_future(thread)
        return before


def _is_well(asked: asyncio.Future[bool]) -> bool:
    return asked.done() and asked.result()


def _database_answers(adapters: Adapters) -> bool:
    try:
        adapters.database.check_writes("requests", patience_seconds=WRITE_LOCK_SECONDS)
    except DatabaseUnavailable as error:
        log.warning("database_unreachable", error=str(error))
        return False
    return True


def _store_answers(adapters: Adapters) -> bool:
    try:
        adapters.store.check()
    except StoreError as error:
        log.warning("store_unreachable", error=str(error))
        return False
    return True


def _disk_has_room(adapters: Adapters) -> bool:
    if not adapters.disk.takes_uploads():
        log.warning("disk_nearly_full", free_bytes=adapters.disk.free_bytes())
        return False
    return True


_PARTS: dict[str, Callable[[Adapters], bool]] = {
    "database": _database_answers,
    "store": _store_answers,
    "disk": _disk_has_room,
    "broker": lambda adapters: adapters.hints.reachable(),
}


def queue_facts(adapters: Adapters) -> dict[str, Any]:
    """Numbers for dashboards: requests by state, images and webhooks that wait, how long the oldest
    open request has.
    """
    with adapters.database.read() as connection:
        by_status = totals.counts_by_status(connection)
        images_waiting, oldest = totals.waiting(connection)
        blocked = installation.sweep_blocked(connection)
        webhooks_pending = receivers.pending(connection)
        receivers_paused = silent_receivers.count(connection, now=now())
    age = (now() - oldest).total_seconds() if oldest is not None else 0.0
    return {
        "requests": by_status,
        "images_waiting": images_waiting,
        "oldest_waiting_seconds": max(age, 0.0),
        "orphan_sweep_blocked": blocked,
        "webhooks_pending": webhooks_pending,
        "receivers_paused": receivers_paused,
    }
