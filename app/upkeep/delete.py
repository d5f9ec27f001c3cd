"""Remove a request: hidden at once, then its files, then its rows."""

from datetime import timedelta
from typing import Any

import structlog

from app.access.limits import counts_as_upload
from app.adapters import Adapters, now
from app.db import idempotency, images, requests
from app.domain.errors import StoreError
from app.domain.statuses import RequestStatus
from app.domain.tasks import Task
from app.results.read import find
from app.upkeep.shared_files import remove_files_taken_over, remove_own_files

log = structlog.get_logger(__name__)

ROWS_PER_TRANSACTION = 5_000
# Up to here the answer waits until everything is gone; above, a task does it in the background.
IMAGES_AT_ONCE = 2_000


def delete(adapters: Adapters, request_id: str, *, owner: str) -> None:
    """Delete a request with its rows and files, whatever state it is in.

    Raises:
        RequestNotFound: see `read.find`.
    """
    with adapters.disk.reserve_opened():
        with adapters.database.transaction() as connection:
            row = find(connection, request_id, owner=owner, lock=True)
            requests.hide(connection, row.id, now=now())
            # At once, though the row may stay a while: a repeat of the upload is a new one from now
            # on.
            idempotency.forget_request(connection, owner=row.owner, request_id=row.id)
        log.info("request_deleted", request_id=row.id)
        if row.images_total > IMAGES_AT_ONCE:
            adapters.hints.send(Task.PURGE, row.id)
            return
        try:
            purge(adapters, row.id)
        except StoreError as error:
            # It is hidden already; the sweep removes what the store kept back.
            log.warning("purge_postponed", request_id=row.id, error=str(error))


def purge(adapters: Adapters, request_id: str) -> None:
    """Remove the files and rows of a hidden request; may be repeated and interrupted.

    Pictures that other requests have taken over stay for as long as those name them.

    The request's own row goes last: as long as it is there, the sweep knows what to go on with. It
    stays until no worker can be in the middle of one of the images, because an object that arrives
    later than the last look would stay for ever; and for as long as it counts as an upload.
    """
    with adapters.database.read() as connection:
        row = requests.get(connection, request_id, deleted=True)
    if row is None or row.deleted_at is None:
        return
    with adapters.disk.reserve_opened():
        remove_own_files(adapters, request_id)
        if row.images_reused:
            remove_files_taken_over(adapters, request_id)
        while _delete_some_rows(adapters, request_id):
            pass
        if _workers_may_hold_images(adapters, row):
            return
        if counts_as_upload(adapters.settings, owner=row.owner, made_at=row.created_at):
            return
        with adapters.database.transaction() as connection:
            requests.remove(connection, request_id)


def _workers_may_hold_images(adapters: Adapters, row: Any) -> bool:
    """True for a lease's length after an open or cancelled request was taken from the workers."""
    if row.status in {RequestStatus.COMPLETED, RequestStatus.FAILED}:
        return False
    taken_away = row.finished_at or row.deleted_at
    lease = timedelta(seconds=adapters.settings.lease_seconds)
    return bool(now() < taken_away + lease)


def _delete_some_rows(adapters: Adapters, request_id: str) -> bool:
    with adapters.database.transaction() as connection:
        return images.delete_rows(connection, request_id, limit=ROWS_PER_TRANSACTION) > 0
