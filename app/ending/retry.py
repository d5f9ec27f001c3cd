"""Do the failed images of an ended request again, under the same id and the same names."""

from collections import Counter
from typing import Any

from sqlalchemy import Connection

from app.access.limits import check_reopened_request
from app.adapters import Adapters, now
from app.db import queue, requests
from app.db.hosts import request_hosts
from app.db.hosts.request_hosts import HostCounts
from app.domain.errors import WrongState
from app.domain.statuses import RequestStatus
from app.domain.tasks import Task
from app.domain.turns import turns_for
from app.results.read import find, status
from app.results.selection import checked_code, find_host


def retry(
    adapters: Adapters,
    request_id: str,
    *,
    owner: str,
    code: str | None = None,
    host: str | None = None,
) -> dict[str, Any]:
    """Put failed images back to work and return the request's status.

    A cancelled request goes on where it stopped: what was not done by then waits again, whatever
    the filter, because a request at work has no cancelled images.

    Args:
        code, host: only the failed images of this error code, or on this host.
    Raises:
        RequestNotFound: see `read.find`.
        OptionInvalid: there is no such code, or `host` names none.
        WrongState: the request is still open, or has no such image.
        TooManyOpenImages: the key has as many images in work as it may.
    """
    moment, code = now(), checked_code(code)
    with adapters.database.transaction() as connection:
        row = find(connection, request_id, owner=owner, lock=True)
        host = find_host(connection, row.id, host)
        if not RequestStatus(row.status).is_final:
            raise WrongState(
                f"The request is {row.status}; its images can be tried again once it has ended."
            )
        failed = queue.count_failed(connection, row.id, code=code, host=host)
        errors, hosts = Counter[str](), Counter[str]()
        for on_host, of_code, images in failed:
            errors[of_code] += images
            hosts[on_host] += images
        left = _left_by_cancel(row)
        if not failed and not left:
            raise WrongState(
                "No image of this request failed; there is nothing to try again."
                if code is None and host is None
                else "No failed image of this request has that code and host; there is nothing to "
                "try again."
            )
        queue.requeue_failed(connection, row.id, code=code, host=host, now=moment)
        if left:
            queue.requeue_cancelled(connection, row.id, now=moment)
        requests.reopen(connection, row.id, errors=errors, now=moment)
        _take_from_hosts(connection, row.id, hosts)
        check_reopened_request(connection, adapters.settings, owner)
    if row.ingested_at is None:
        adapters.hints.send(Task.INGEST, row.id)
    adapters.hints.send(Task.WORK, row.id, times=turns_for(errors.total() + left))
    return status(adapters, request_id, owner=owner)


def _left_by_cancel(row: Any) -> int:
    """Images that a cancel left undone, also those that nobody has marked or written yet."""
    if row.status != RequestStatus.CANCELLED:
        return 0
    left: int = row.images_total - row.images_completed - row.images_failed
    return left


def _take_from_hosts(connection: Connection, request_id: str, again_by_host: Counter[str]) -> None:
    request_hosts.take_back_given_up(connection, request_id)
    fewer = {
        host: HostCounts(images_failed=-images) for host, images in sorted(again_by_host.items())
    }
    request_hosts.add_counts(connection, request_id, fewer)
