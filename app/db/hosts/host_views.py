"""What is shown of hosts: read only, the counters of a request beside what the workers know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, func, select

from app.db.models import Host, RequestHost

_LEFT = RequestHost.images_total - RequestHost.images_completed - RequestHost.images_failed


def page(
    connection: Connection, request_id: str, *, after: str | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Up to `limit` hosts of a request by their name, after the host `after`.

    `state` and what follows are None where the workers have nothing to remember of a host.
    """
    query = _of_request(request_id).order_by(RequestHost.host).limit(limit)
    if after is not None:
        query = query.where(RequestHost.host > after)
    return connection.execute(query).all()


def named(
    connection: Connection, request_id: str, hosts: Sequence[str]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """These hosts of a request, with the columns of `page`."""
    return connection.execute(_of_request(request_id).where(RequestHost.host.in_(hosts))).all()


def _of_request(request_id: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            RequestHost.host,
            RequestHost.images_total,
            RequestHost.images_completed,
            RequestHost.images_failed,
            RequestHost.input_bytes,
            RequestHost.output_bytes,
            Host.state,
            Host.requests_per_second,
            Host.retry_at,
            Host.last_error,
        )
        .outerjoin(Host, Host.host == RequestHost.host)
        .where(RequestHost.request_id == request_id)
    )


class TroubledHost(NamedTuple):
    """A host that holds a request up, with how many of the request's images wait for it."""

    host: str
    state: str
    pending: int
    requests_per_second: float | None
    retry_at: datetime | None


def troubled(
    connection: Connection, request_ids: Sequence[str], *, limit: int
) -> dict[str, list[TroubledHost]]:
    """For each request the `limit` hosts in trouble for which most of its images wait."""
    found: dict[str, list[TroubledHost]] = {request_id: [] for request_id in request_ids}
    if not request_ids:
        return found
    place = func.row_number().over(
        partition_by=RequestHost.request_id, order_by=(_LEFT.desc(), RequestHost.host)
    )
    ranked = (
        select(
            RequestHost.request_id,
            RequestHost.host,
            Host.state,
            _LEFT.label("pending"),
            Host.requests_per_second,
            Host.retry_at,
            place.label("place"),
        )
        .join(Host, and_(Host.host == RequestHost.host, Host.state != "ok"))
        .where(RequestHost.request_id.in_(request_ids), _LEFT > 0)
        .subquery()
    )
    query = select(ranked).where(ranked.c.place <= limit).order_by(ranked.c.place)
    for row in connection.execute(query):
        found[row.request_id].append(TroubledHost(*row[1:6]))
    return found
