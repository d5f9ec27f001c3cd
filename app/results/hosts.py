"""The image hosts of a request: what is done and left on each, and what the workers know of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.adapters import Adapters, now
from app.db.hosts import host_views
from app.domain.hosts.exchange import HostState, shown_host
from app.domain.statuses import RequestStatus
from app.results import cursors
from app.results.documents import moment
from app.results.read import find
from app.results.selection import HTTPS_PORT, has_port

OK, SLOWED, PAUSED = HostState.OK.value, HostState.SLOWED.value, HostState.PAUSED.value


def hosts_page(
    adapters: Adapters, request_id: str, *, owner: str, cursor: str | None, limit: int
) -> dict[str, Any]:
    """The hosts of a request by name.

    Raises:
        RequestNotFound: see `read.find`.
        OptionInvalid: the cursor is none of ours.
    """
    after = cursors.decode(cursor) if cursor is not None else None
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
        rows = host_views.page(connection, request.id, after=after, limit=limit + 1)
    has_ended, current = RequestStatus(request.status).is_final, now()
    shown = rows[:limit]
    return {
        "items": [_document(row, has_ended=has_ended, now=current) for row in shown],
        "next_cursor": cursors.encode(shown[-1].host) if len(rows) > limit else None,
    }


def named_hosts(
    adapters: Adapters, request_id: str, names: Sequence[str], *, owner: str
) -> list[dict[str, Any]]:
    """The entries of hosts by the names that they are shown with.

    Raises:
        RequestNotFound: see `read.find`.
    """
    keys = [name if has_port(name) else name + HTTPS_PORT for name in names]
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
        rows = host_views.named(connection, request.id, keys)
    has_ended, current = RequestStatus(request.status).is_final, now()
    return [_document(row, has_ended=has_ended, now=current) for row in rows]


def _document(row: Any, *, has_ended: bool, now: datetime) -> dict[str, Any]:
    pending = row.images_total - row.images_completed - row.images_failed
    state = _state_after_the_end(row, now) if has_ended else row.state or OK
    return {
        "host": shown_host(row.host),
        "images": {
            "total": row.images_total,
            "completed": row.images_completed,
            "failed": row.images_failed,
            "pending": 0 if has_ended else pending,
        },
        "state": state,
        "requests_per_second": row.requests_per_second,
        "retry_at": None if has_ended or state == OK else moment(row.retry_at),
        "last_error": row.last_error if state != OK else None,
        "bytes": {"input": row.input_bytes, "output": row.output_bytes},
    }


def _state_after_the_end(row: Any, now: datetime) -> str:
    """What a retry would meet: nothing is slowed any more, and a pause ends with its time.

    Nobody asks a host once nothing waits for it, so that its row still says what was true then.
    """
    if row.state in {None, SLOWED}:
        return OK
    if row.state == PAUSED and (row.retry_at is None or row.retry_at <= now):
        return OK
    state: str = row.state
    return state
