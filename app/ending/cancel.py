"""Stop a request: what is done stays, nothing new starts."""

from typing import Any

from app.adapters import Adapters, now
from app.db import queue, requests
from app.domain.errors import WrongState
from app.domain.statuses import RequestStatus
from app.ending.finish import announce, end
from app.results.read import find, status

# Rows changed in one transaction: short enough that others hardly wait, also on SQLite.
IMAGES_PER_TRANSACTION = 5_000
# Beyond this the sweep marks the rest; the request itself is cancelled at once in any case.
TRANSACTIONS_MAX = 4


def cancel(adapters: Adapters, request_id: str, *, owner: str) -> dict[str, Any]:
    """Cancel an open request and return its status; cancelling twice is no error.

    Raises:
        RequestNotFound: see `read.find`.
        WrongState: the request has ended by itself.
    """
    # On a full disk this comes first of all: what is at work would fill whatever is freed.
    with adapters.disk.reserve_opened():
        with adapters.database.transaction() as connection:
            row = find(connection, request_id, owner=owner, lock=True)
            if row.status in {RequestStatus.COMPLETED, RequestStatus.FAILED}:
                raise WrongState(
                    f"The request is {row.status} already; there is nothing to cancel."
                )
            ended = end(
                adapters, connection, row.id, status=RequestStatus.CANCELLED, reason="Cancelled."
            )
        announce(adapters, ended)
        for _ in range(TRANSACTIONS_MAX):
            if not mark_images(adapters, row.id):
                break
    return status(adapters, request_id, owner=owner)


def mark_images(adapters: Adapters, request_id: str) -> bool:
    """Mark some unfinished images of a cancelled request; True while there may be more.

    A worker that still holds one of them finds that its claim is void and drops the result.
    """
    with adapters.database.transaction() as connection:
        # Locked: a retry may have put the request back to work since somebody found it cancelled.
        row = requests.get(connection, request_id, lock=True)
        if row is None or row.status != RequestStatus.CANCELLED:
            return False
        marked = queue.cancel_waiting(
            connection, request_id, now=now(), limit=IMAGES_PER_TRANSACTION
        )
    return marked == IMAGES_PER_TRANSACTION
