"""Answer what clients ask about requests: status, lists, images."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from app.adapters import Adapters, now
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.reader import Detected
from app.db import images, requests
from app.db.hosts import host_views
from app.db.images.filters import ImageFilter
from app.domain.errors import OptionInvalid, RequestNotFound
from app.domain.statuses import NOT_ENDED, ImageStatus, RequestStatus
from app.results import cursors
from app.results.documents import image_document, status_document
from app.results.selection import checked_code, checked_text, find_host

# Hosts that a status names when they hold the request up; `/requests/{id}/hosts` has all.
HOSTS_SHOWN = 5


def find(connection: Connection, request_id: str, *, owner: str, lock: bool = False) -> Any:
    """The row of a request that this caller may see.

    Raises:
        RequestNotFound: there is none, it was deleted, or it is another key's; the answer does not
            tell which.
    """
    try:
        canonical = str(uuid.UUID(request_id))
    except ValueError:
        row = None
    else:
        row = requests.get(connection, canonical, lock=lock)
    if row is None or (owner and row.owner != owner):
        raise RequestNotFound(f"There is no request with the id {request_id[:64]!r}.")
    return row


def status(adapters: Adapters, request_id: str, *, owner: str) -> dict[str, Any]:
    """The status document of one request."""
    with adapters.database.read() as connection:
        row = find(connection, request_id, owner=owner)
        return _documents(adapters, connection, [row])[0]


def reading(adapters: Adapters, request_id: str, *, owner: str) -> dict[str, str]:
    """What an upload has to say so that this request's file is read in the same way again.

    Raises:
        RequestNotFound: see `find`.
    """
    with adapters.database.read() as connection:
        detected = Detected.from_json(find(connection, request_id, owner=owner).detected)
    # What the file itself shows again to every reader has not to be said.
    shows = detected.encoding_guessed or detected.bom or detected.workbook
    is_said = not shows and detected.encoding != "utf-8"
    said = {
        "encoding": detected.encoding if is_said else None,
        "sheet": detected.sheet,
        "base_url": detected.base_url,
    }
    if detected.is_mapped:
        said["columns"] = ColumnMapping.of_names(detected.public()["columns"]).to_text()
    return {name: value for name, value in said.items() if value is not None}


def requests_page(
    adapters: Adapters, *, owner: str, cursor: str | None, limit: int, status: str | None
) -> dict[str, Any]:
    """Status documents, newest first.

    Raises:
        OptionInvalid: the cursor is none of ours, or the status does not exist.
    """
    _check_status(status, RequestStatus)
    before = cursors.decode_uuid(cursor) if cursor is not None else None
    with adapters.database.read() as connection:
        rows = requests.page(connection, owner=owner, before=before, status=status, limit=limit + 1)
        shown = rows[:limit]
        items = _documents(adapters, connection, shown)
    return {
        "items": items,
        "next_cursor": cursors.encode(shown[-1].id) if len(rows) > limit else None,
    }


def _documents(
    adapters: Adapters, connection: Connection, rows: Sequence[Any]
) -> list[dict[str, Any]]:
    """The status of each request; one question on hosts for all that are open."""
    errors = requests.error_counts(connection, [row.id for row in rows])
    at_work = [row.id for row in rows if not RequestStatus(row.status).is_final]
    held_up = host_views.troubled(connection, at_work, limit=HOSTS_SHOWN)
    moment = now()
    return [
        status_document(
            row,
            errors[row.id],
            base_url=adapters.settings.base_url,
            held_up_by=held_up.get(row.id, ()),
            now=moment,
        )
        for row in rows
    ]


def images_page(
    adapters: Adapters,
    request_id: str,
    *,
    owner: str,
    cursor: str | None,
    limit: int,
    status: str | None = None,
    code: str | None = None,
    host: str | None = None,
    text: str | None = None,
) -> dict[str, Any]:
    """The images of a request in the order of the file; the filters combine.

    Args:
        status: `pending` is every image that has not ended, as the counters have it; those in work
            alone are `processing`.
        code, host: see `results.selection`.
        text: a part of the product's name, its serial number or the URL, whatever its case.
    Raises:
        RequestNotFound: see `find`.
        OptionInvalid: the cursor is none of ours, or a filter asks for what cannot be.
    """
    _check_status(status, ImageStatus)
    code, text, after = checked_code(code), checked_text(text), image_after(cursor)
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
        which = ImageFilter(
            statuses=_statuses(status, request.status),
            code=code,
            host=find_host(connection, request.id, host),
            text=text,
        )
        rows = images.page(connection, request.id, after=after, limit=limit + 1, which=which)
    shown = rows[:limit]
    return {
        "items": [image_document(row, request.status, adapters.store) for row in shown],
        "next_cursor": cursors.encode(str(shown[-1].seq)) if len(rows) > limit else None,
    }


def _statuses(status: str | None, of_request: str) -> tuple[str, ...] | None:
    """The states in which a row is one of those that the counters call `status`."""
    if status is None:
        return None
    is_cancelled = of_request == RequestStatus.CANCELLED
    if status == (ImageStatus.CANCELLED if is_cancelled else ImageStatus.PENDING):
        # Images of a cancelled request count as cancelled before each of them is marked.
        return tuple(dict.fromkeys((status, *NOT_ENDED)))
    return () if is_cancelled and status in NOT_ENDED else (status,)


def image_after(cursor: str | None) -> int:
    """The `seq` after which the page of `images_page` with this cursor begins.

    Raises:
        OptionInvalid: the cursor is none of ours.
    """
    return cursors.decode_number(cursor) if cursor is not None else 0


def _check_status(status: str | None, known: type[RequestStatus] | type[ImageStatus]) -> None:
    values = [member.value for member in known]
    if status is not None and status not in values:
        raise OptionInvalid(
            f"status: {status[:64]!r} is none of {', '.join(values)}.", option="status"
        )
