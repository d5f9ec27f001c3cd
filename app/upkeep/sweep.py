"""Find what a lost hint or a dead worker left behind."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.access.limits import counted_since
from app.adapters import Adapters, now
from app.db import hosts, idempotency, leases, queue, requests, silent_receivers
from app.db.queue import Outcome, stalled
from app.domain.errors import StoreError
from app.domain.retry import SILENT_WORKER
from app.domain.statuses import ImageStatus
from app.domain.tasks import Task
from app.ending.cancel import mark_images
from app.ending.finish import announce, finish_if_done
from app.ending.give_up import fail_given_up
from app.ending.record import record_outcomes
from app.intake.idempotency import IDEMPOTENCY_KEPT
from app.upkeep.delete import purge
from app.upkeep.installation import watch
from app.upkeep.orphans import remove_orphans_now_and_then

log = structlog.get_logger(__name__)

LEASE = "sweep"
IMAGES_PER_SWEEP = 5_000
REQUESTS_PER_SWEEP = 100
# What was learnt of a host that nobody has asked for so long may hold no more.
HOSTS_KEPT = timedelta(days=90)
# A silent receiver that nothing was due for all this time begins again with a short pause.
SILENT_RECEIVERS_KEPT = timedelta(days=1)


def sweep(adapters: Adapters, *, holder: str) -> bool:
    """One round over everything that may be stuck; by one worker at a time, harmless by two.

    On a full disk only what makes room is done: workers cannot renew their leases then, and must
    not lose them by that.

    Returns False when another worker does it at present.
    """
    if adapters.disk.is_full():
        log.warning("sweep_only_makes_room", free_bytes=adapters.disk.free_bytes())
        _make_room(adapters)
        return True
    moment = now()
    expires_at = moment + timedelta(seconds=2 * adapters.settings.sweep_seconds)
    with adapters.database.transaction() as connection:
        ours = leases.acquire(connection, LEASE, holder=holder, now=moment, expires_at=expires_at)
    if not ours:
        return False
    watch(adapters)
    _return_expired(adapters)
    fail_given_up(adapters)
    _finish_full(adapters)
    _make_room(adapters)
    with adapters.database.transaction() as connection:
        idempotency.forget(connection, before=moment - IDEMPOTENCY_KEPT)
        hosts.forget(connection, before=moment - HOSTS_KEPT)
        silent_receivers.forget(connection, before=moment - SILENT_RECEIVERS_KEPT)
    remove_orphans_now_and_then(adapters)
    return True


def _make_room(adapters: Adapters) -> None:
    # The reserve is only opened where there is something to do with it: whoever fills the disk
    # would take it meanwhile.
    adapters.disk.fill_reserve()
    _finish_cancelled(adapters)
    _apply_retention(adapters)
    _purge_hidden(adapters)


def _return_expired(adapters: Adapters) -> None:
    """Give images whose worker went silent to the others; the attempt counts.

    An image that takes its worker down each time ends as failed, and does not go on for ever.
    """
    moment = now()
    announced: list[str] = []
    with adapters.database.transaction() as connection:
        by_request: dict[str, list[Outcome]] = defaultdict(list)
        for row in queue.expired(connection, now=moment, limit=IMAGES_PER_SWEEP):
            by_request[row.request_id].append(_outcome_of_silence(row, moment))
        for request_id, outcomes in sorted(by_request.items()):
            log.warning("leases_returned", request_id=request_id, images=len(outcomes))
            announced += record_outcomes(adapters, connection, request_id, outcomes)
    for outcomes in by_request.values():
        adapters.metrics.work.leases_returned(len(outcomes))
        failed = [one for one in outcomes if one.status == ImageStatus.FAILED]
        adapters.metrics.work.image_failed("internal", len(failed))
    announce(adapters, announced)


def _outcome_of_silence(row: Any, moment: datetime) -> Outcome:
    if not SILENT_WORKER.is_last(row.attempts):
        return Outcome(
            seq=row.seq,
            fence=row.fence,
            host=row.host,
            status=ImageStatus.PENDING.value,
            not_before=moment,
        )
    return Outcome(
        seq=row.seq,
        fence=row.fence,
        host=row.host,
        status=ImageStatus.FAILED.value,
        finished_at=moment,
        error_code="internal",
        error_message="The worker stopped at every attempt at this image.",
    )


def _finish_full(adapters: Adapters) -> None:
    with adapters.database.read() as connection:
        found = stalled.full(connection, limit=REQUESTS_PER_SWEEP)
    for request_id in found:
        with adapters.database.transaction() as connection:
            row = requests.get(connection, request_id, lock=True)
            announced = finish_if_done(adapters, connection, request_id, row)
        announce(adapters, announced)


def _finish_cancelled(adapters: Adapters) -> None:
    with adapters.database.read() as connection:
        found = stalled.cancelled_with_images(connection, limit=REQUESTS_PER_SWEEP)
    for request_id in found:
        with adapters.disk.reserve_opened():
            while mark_images(adapters, request_id):
                pass


def _apply_retention(adapters: Adapters) -> None:
    days = adapters.settings.retention_days
    if days == 0:
        return
    moment = now()
    before = moment - timedelta(days=days)
    with adapters.database.read() as connection:
        if not stalled.finished_before(connection, before, limit=1):
            return
    with adapters.disk.reserve_opened(), adapters.database.transaction() as connection:
        expired = stalled.finished_before(connection, before, limit=REQUESTS_PER_SWEEP)
        # In the order of the ids, like everybody who locks several requests (`db/images/reuse.py`).
        for request_id in sorted(expired):
            requests.hide(connection, request_id, now=moment)
            log.info("request_expired", request_id=request_id)


def _purge_hidden(adapters: Adapters) -> None:
    with adapters.database.read() as connection:
        found = stalled.hidden(
            connection,
            counted_since=counted_since(adapters.settings),
            limit=REQUESTS_PER_SWEEP,
        )
    for request_id in found:
        try:
            purge(adapters, request_id)
        except StoreError as error:
            log.warning("purge_postponed", request_id=request_id, error=str(error))


def open_work(adapters: Adapters, *, limit: int) -> list[tuple[Task, str]]:
    """Tasks on requests that could be done now, as (task, id): for a worker that hears nothing.

    Each of them claims before it works, so doing one that another worker has begun is harmless.
    """
    moment = now()
    with adapters.database.read() as connection:
        to_ingest = stalled.to_ingest(connection, now=moment, limit=limit)
        to_work = stalled.with_due_images(connection, now=moment, limit=limit)
    return [(Task.INGEST, request_id) for request_id in to_ingest] + [
        (Task.WORK, request_id) for request_id in to_work
    ]
