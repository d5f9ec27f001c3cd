"""Queries on `request_hosts`: a request's counters by host, and which hosts were given up."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, update

from app.db.dialect import upsert
from app.db.models import Image, RequestHost

_COUNTED = ("images_total", "images_completed", "images_failed", "input_bytes", "output_bytes")


class HostCounts(NamedTuple):
    """What a batch of images adds to the counters of its host."""

    images_total: int = 0
    images_completed: int = 0
    images_failed: int = 0
    input_bytes: int = 0
    output_bytes: int = 0


def add_counts(connection: Connection, request_id: str, counts: Mapping[str, HostCounts]) -> None:
    """Add to the counters, by host; the caller holds the request's row.

    Everybody who writes these rows locks the request first, so that two batches with the same hosts
    never wait for each other's.
    """
    if not counts:
        return
    rows = [
        {"of_request": request_id, "host": host, **each._asdict()} for host, each in counts.items()
    ]
    connection.execute(_add(connection.dialect.name), rows)


@cache
def _add(dialect: str) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in ("host", *_COUNTED)}
    new = upsert(dialect, RequestHost).values(request_id=bindparam("of_request"), **values)
    return new.on_conflict_do_update(
        index_elements=[RequestHost.request_id, RequestHost.host],
        set_={name: getattr(RequestHost, name) + new.excluded[name] for name in _COUNTED},
    )


def images_by_host(
    connection: Connection, request_id: str, *, behind: int, up_to: int
) -> dict[str, HostCounts]:
    """How many images with a `seq` in (behind, up_to] each host has, as totals to add."""
    query = (
        select(Image.host, func.count())
        .where(Image.request_id == request_id, Image.seq > behind, Image.seq <= up_to)
        .group_by(Image.host)
    )
    return {host: HostCounts(images_total=n) for host, n in connection.execute(query)}


def others_pending(connection: Connection, request_id: str, hosts: Collection[str]) -> bool:
    """True while images of other hosts than these have not ended, as the counters say.

    Costs nothing where a million images are all on one host, which is what most requests are like.
    """
    query = select(RequestHost.host).where(
        RequestHost.request_id == request_id,
        RequestHost.host.not_in(hosts),
        RequestHost.images_completed + RequestHost.images_failed < RequestHost.images_total,
    )
    return connection.execute(query.limit(1)).first() is not None


def mark_given_up(connection: Connection, host: str, *, code: str, message: str) -> None:
    """Note that the images which wait for this host are to fail, whatever their request."""
    connection.execute(
        update(RequestHost)
        .where(
            RequestHost.host == host,
            RequestHost.images_completed + RequestHost.images_failed < RequestHost.images_total,
        )
        .values(give_up=code, give_up_message=message)
    )


def given_up(connection: Connection, *, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Up to `limit` pairs of request and host whose waiting images are still to fail."""
    query = select(
        RequestHost.request_id,
        RequestHost.host,
        RequestHost.give_up,
        RequestHost.give_up_message,
    ).where(RequestHost.give_up.is_not(None))
    return connection.execute(query.limit(limit)).all()


def is_given_up(connection: Connection, request_id: str, host: str) -> bool:
    """True while the waiting images of this host are to fail; the caller holds the request."""
    query = select(RequestHost.give_up).where(
        RequestHost.request_id == request_id, RequestHost.host == host
    )
    return connection.execute(query).scalar_one_or_none() is not None


def clear_given_up(connection: Connection, request_id: str, host: str) -> None:
    """Forget that the images which wait are to fail."""
    _clear(connection, request_id, host)


def clear_settled(connection: Connection, request_id: str, host: str) -> None:
    """Forget it where every image of the host has ended; the caller holds the request."""
    ended = RequestHost.images_completed + RequestHost.images_failed
    _clear(connection, request_id, host, ended >= RequestHost.images_total)


def _clear(
    connection: Connection, request_id: str, host: str, *conditions: ColumnElement[bool]
) -> None:
    connection.execute(
        update(RequestHost)
        .where(RequestHost.request_id == request_id, RequestHost.host == host, *conditions)
        .values(give_up=None, give_up_message=None)
    )


def take_back_given_up(connection: Connection, request_id: str) -> None:
    """Let no host of an ended request end the images that are about to be tried again."""
    connection.execute(
        update(RequestHost)
        .where(RequestHost.request_id == request_id, RequestHost.give_up.is_not(None))
        .values(give_up=None, give_up_message=None)
    )


def shown_key(connection: Connection, request_id: str, key: str, *, otherwise: str) -> str:
    """`key` where the request has images on that host, or else `otherwise`."""
    query = select(RequestHost.host).where(
        RequestHost.request_id == request_id, RequestHost.host.in_([key, otherwise])
    )
    known = connection.execute(query).scalars().all()
    return key if key in known else (otherwise if otherwise in known else key)
