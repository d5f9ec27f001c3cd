"""The table `hosts`: workers report what they were answered and get permits for more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, update

from app.db.dialect import clock, upsert
from app.db.hosts import request_hosts
from app.db.models import Host
from app.domain.hosts.control import HostControl
from app.domain.hosts.exchange import Grant, Policy, Report, shown_host


class Ask(NamedTuple):
    """What a worker tells of one host and wants of it."""

    report: Report
    wanted: int
    policy: Policy


class Exchanged(NamedTuple):
    """The answer to all of a worker's asks.

    Args:
        now: the database's clock, in seconds since 1970: the one that all workers go by.
        grants: by host.
        given_up: hosts whose waiting images are marked as failing now (`request_hosts.give_up`).
    """

    now: float
    grants: dict[str, Grant]
    given_up: list[str]


def exchange(connection: Connection, asks: Mapping[str, Ask], *, now: datetime) -> Exchanged:
    """Take reports in and grant permits, for several hosts in one transaction.

    Args:
        now: the caller's clock; SQLite's database has no better one.
    """
    names = sorted(asks)
    rows = _locked(connection, names)
    if len(rows) < len(names):
        known = {row.host for row in rows}
        new = [_new(host, now) for host in names if host not in known]
        connection.execute(_add(connection.dialect.name), new)
        rows = _locked(connection, names)
    # SQLite has no clock but this machine's.
    seconds = (rows[0].moment or now).timestamp()
    grants: dict[str, Grant] = {}
    given_up: list[str] = []
    changed: list[dict[str, Any]] = []
    for host, stored, _ in rows:
        ask = asks[host]
        control = HostControl.from_json(stored)
        give_up = control.note(ask.report, seconds, ask.policy, shown_host(host))
        if give_up is not None:
            given_up.append(host)
            request_hosts.mark_given_up(
                connection, host, code=give_up.code, message=give_up.message
            )
        grants[host] = control.grant(ask.wanted, seconds, ask.policy)
        changed.append(_row(host, control, seconds))
    if changed:
        connection.execute(_WRITE, changed)
    return Exchanged(seconds, grants, given_up)


def forget(connection: Connection, *, before: datetime) -> None:
    """Drop hosts that nobody has asked since."""
    connection.execute(delete(Host).where(Host.updated_at < before))


def _locked(connection: Connection, names: Sequence[str]) -> Sequence[Any]:
    return connection.execute(_lock(connection.dialect.name), {"hosts": names}).all()


@cache
def _lock(dialect: str) -> Any:
    return (
        select(Host.host, Host.control, clock(dialect).label("moment"))
        .where(Host.host.in_(bindparam("hosts", expanding=True)))
        # In one order for everybody, so that two workers never wait for each other's rows.
        .order_by(Host.host)
        .with_for_update()
    )


_WRITE = (
    update(Host)
    .where(Host.host == bindparam("of_host"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "state",
                "requests_per_second",
                "retry_at",
                "last_error",
                "control",
                "updated_at",
            )
        }
    )
)


@cache
def _add(dialect: str) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in ("host", "control", "updated_at")}
    return upsert(dialect, Host).values(values).on_conflict_do_nothing(index_elements=[Host.host])


def _new(host: str, now: datetime) -> dict[str, Any]:
    return {"host": host, "control": HostControl().to_json(), "updated_at": now}


def _row(host: str, control: HostControl, now: float) -> dict[str, Any]:
    pace = control.pace
    return {
        "of_host": host,
        "new_state": control.state(now).value,
        "new_requests_per_second": pace.rate if pace.ceiling is not None else None,
        "new_retry_at": _moment(control.paused_until) if control.paused_until > now else None,
        "new_last_error": control.last_error,
        "new_control": control.to_json(),
        "new_updated_at": _moment(now),
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
