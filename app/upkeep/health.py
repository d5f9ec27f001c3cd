"""Can the service do its work now, and how much is waiting?"""

from typing import Any

import structlog

from app.adapters import Adapters, now
from app.db import installation, receivers, silent_receivers
from app.db.requests import totals
from app.domain.errors import DatabaseUnavailable, StoreError

log = structlog.get_logger(__name__)

# A writer has the database to itself for milliseconds; uploads that wait longer would fail.
WRITE_PATIENCE_SECONDS = 2.0


def readiness(adapters: Adapters, *, draining: bool) -> dict[str, Any]:
    """Ask each outside thing for a sign of life.

    `unavailable`: uploads would fail. `degraded`: the broker is away, so work starts at the next
    sweep instead of at once.
    """
    checks = {"database": "ok", "store": "ok", "broker": "ok"}
    try:
        adapters.database.check_writes("requests", patience_seconds=WRITE_PATIENCE_SECONDS)
    except DatabaseUnavailable as error:
        log.warning("database_unreachable", error=str(error))
        checks["database"] = "unavailable"
    try:
        adapters.store.check()
    except StoreError as error:
        log.warning("store_unreachable", error=str(error))
        checks["store"] = "unavailable"
    if not adapters.hints.reachable():
        checks["broker"] = "unavailable"
    if draining:
        checks["draining"] = "yes"
    if draining or "unavailable" in (checks["database"], checks["store"]):
        return {"status": "unavailable", "checks": checks}
    return {"status": "ok" if checks["broker"] == "ok" else "degraded", "checks": checks}


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
