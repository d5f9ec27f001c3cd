"""Fail the images that wait for a host which was given up, all of them with one reason."""

from typing import Any

import structlog
from sqlalchemy import Connection

from app.adapters import Adapters, now
from app.db import queue, requests
from app.db.hosts import request_hosts
from app.db.hosts.request_hosts import HostCounts
from app.db.requests import Counts
from app.domain.statuses import RequestStatus
from app.ending.finish import announce, finish_if_done

log = structlog.get_logger(__name__)

# Short enough that others hardly wait for the rows, also on SQLite.
IMAGES_PER_TRANSACTION = 5_000
PAIRS_AT_ONCE = 100


def fail_given_up(adapters: Adapters) -> None:
    """End all images that the decision about a host left waiting; goes on where one has stopped.

    What was decided is in `request_hosts`, so whoever dies here is followed by the sweep. It holds
    until the counters say that no image of that host is left: what workers have in their hands, or
    are giving back at this moment, comes later.
    """
    with adapters.database.read() as connection:
        pairs = request_hosts.given_up(connection, limit=PAIRS_AT_ONCE)
    for pair in pairs:
        failed, after = 0, 0
        while True:
            marked, after, announced = _fail_some(adapters, pair, after)
            announce(adapters, announced)
            failed += marked
            if marked < IMAGES_PER_TRANSACTION:
                break
        if failed:
            adapters.metrics.work.image_failed(pair.give_up, failed)
            log.warning(
                "host_images_given_up",
                request_id=pair.request_id,
                host=pair.host,
                code=pair.give_up,
                images=failed,
            )


def _fail_some(adapters: Adapters, pair: Any, after: int) -> tuple[int, int, list[str]]:
    """One batch; returns how many images failed, the last one, and deliveries to announce."""
    moment = now()
    with adapters.database.transaction() as connection:
        # First of all the request, in the order in which everybody locks.
        row = requests.get(connection, pair.request_id, lock=True)
        if row is None or row.status != RequestStatus.PROCESSING:
            request_hosts.clear_given_up(connection, pair.request_id, pair.host)
            return 0, after, []
        if not request_hosts.is_given_up(connection, pair.request_id, pair.host):
            # Somebody else has done it, and the request may have been retried since.
            return 0, after, []
        marked = queue.fail_waiting(
            connection,
            pair.request_id,
            pair.host,
            code=pair.give_up,
            message=pair.give_up_message,
            after=after,
            now=moment,
            limit=IMAGES_PER_TRANSACTION,
        )
        announced = _count(adapters, connection, pair, len(marked)) if marked else []
        request_hosts.clear_settled(connection, pair.request_id, pair.host)
    return len(marked), max(marked, default=after), announced


def _count(adapters: Adapters, connection: Connection, pair: Any, failed: int) -> list[str]:
    counts = Counts(failed=failed, given_up=failed, errors={pair.give_up: failed})
    row = requests.add_counts(connection, pair.request_id, counts, now=now())
    by_host = {pair.host: HostCounts(images_failed=failed)}
    request_hosts.add_counts(connection, pair.request_id, by_host)
    return finish_if_done(adapters, connection, pair.request_id, row)
