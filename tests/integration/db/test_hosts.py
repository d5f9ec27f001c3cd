"""Workers share one row for each host: what they report and what they are granted."""

import threading
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.adapters import now
from app.db import hosts
from app.db.engine import Database
from app.db.hosts import Ask, Exchanged, request_hosts
from app.db.models import Host, RequestHost
from app.domain import retry
from app.domain.hosts.control import HostControl
from app.domain.hosts.exchange import Policy, Report
from app.domain.hosts.pace import HostPace
from tests.integration.db.parts import add_request, write_urls

POLICY = Policy(patience_seconds=900, max_attempts=4, timeout_seconds=30)
NOTHING = Report()
CDN, MEDIA = "cdn.test:443", "media.test:80"


def exchange(database: Database, asks: dict[str, Ask]) -> Exchanged:
    with database.transaction() as connection:
        return hosts.exchange(connection, asks, now=now())


def ask(report: Report = NOTHING, *, wanted: int = 0) -> Ask:
    return Ask(report, wanted, POLICY)


def row_of(database: Database, host: str) -> Any:
    with database.read() as connection:
        return connection.execute(select(Host.__table__).where(Host.host == host)).one_or_none()


def limit_to(database: Database, host: str, rate: float) -> None:
    """Let the host be known for this rate."""
    exchange(database, {host: ask()})
    control = HostControl(pace=HostPace(rate=rate, ceiling=rate), answered_at=now().timestamp())
    with database.transaction() as connection:
        values = {"control": control.to_json()}
        connection.execute(update(Host).where(Host.host == host).values(values))


def test_a_new_host_has_a_row_after_its_first_exchange(database: Database) -> None:
    told = exchange(database, {CDN: ask(wanted=5), MEDIA: ask()})
    assert set(told.grants) == {CDN, MEDIA}
    assert 1 <= told.grants[CDN].permits <= 5
    assert abs(told.now - now().timestamp()) < 5
    row = row_of(database, CDN)
    assert (row.state, row.requests_per_second, row.retry_at) == ("ok", None, None)


def test_workers_at_once_share_one_rate(database: Database) -> None:
    limit_to(database, CDN, 40.0)
    granted: list[int] = []
    errors: list[Exception] = []
    begin = threading.Barrier(4)

    def work() -> None:
        begin.wait()
        try:
            asked = (exchange(database, {CDN: ask(wanted=50)}) for _ in range(10))
            granted.extend(told.grants[CDN].permits for told in asked)
        except Exception as error:
            errors.append(error)

    began = now()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = (now() - began).total_seconds() + retry.HOST_PERMITS_SECONDS
    assert errors == []
    assert sum(granted) <= 40.0 * seconds + 2


def test_a_refusal_told_by_one_worker_holds_all(database: Database) -> None:
    limit_to(database, CDN, 40.0)
    refused = Report(
        refused=1,
        first_refused_sent_at=now().timestamp(),
        refused_sent_at=now().timestamp(),
        retry_after=30,
        error="The image's host answered 429 (too many requests).",
    )
    exchange(database, {CDN: ask(refused)})
    other = exchange(database, {CDN: ask(wanted=9)}).grants[CDN]
    assert (other.permits, other.held) == (0, True)
    assert 28 < other.wait <= 30
    row = row_of(database, CDN)
    assert row.state == "paused"
    assert 28 < (row.retry_at - now()).total_seconds() <= 30
    assert row.requests_per_second < 40.0
    assert "429" in row.last_error


def test_giving_up_marks_the_requests_that_wait_for_the_host_and_no_others(
    database: Database,
) -> None:
    waits, waits_elsewhere, done = (add_request(database) for _ in range(3))
    write_urls(database, waits, [f"http://media.test/{n}" for n in range(3)])
    write_urls(database, waits_elsewhere, ["http://other.test/1"])
    write_urls(database, done, ["http://media.test/9"])
    with database.transaction() as connection:
        ended = {MEDIA: request_hosts.HostCounts(images_completed=1)}
        request_hosts.add_counts(connection, done, ended)
    asks_for_too_much = Report(impatient=retry.HOST_IMPATIENT_AFTER, error="It asks for a day.")
    told = exchange(database, {MEDIA: ask(asks_for_too_much)})
    assert told.given_up == [MEDIA]
    with database.read() as connection:
        marked = connection.execute(
            select(RequestHost.request_id, RequestHost.give_up, RequestHost.give_up_message).where(
                RequestHost.give_up.is_not(None)
            )
        ).all()
        assert marked == [(waits, "rate_limited", "It asks for a day.")]
        assert [pair.request_id for pair in request_hosts.given_up(connection, limit=9)] == [waits]


def test_hosts_that_nobody_asks_are_forgotten(database: Database) -> None:
    exchange(database, {CDN: ask(), MEDIA: ask()})
    with database.transaction() as connection:
        old = now() - timedelta(days=100)
        connection.execute(update(Host).where(Host.host == CDN).values(updated_at=old))
        hosts.forget(connection, before=now() - timedelta(days=90))
    assert row_of(database, CDN) is None
    assert row_of(database, MEDIA) is not None


def test_the_counters_say_whether_others_wait(database: Database) -> None:
    request_id = add_request(database)
    write_urls(database, request_id, ["http://media.test/1", "http://other.test/1"])
    with database.transaction() as connection:
        assert request_hosts.others_pending(connection, request_id, {MEDIA})
        assert not request_hosts.others_pending(connection, request_id, {MEDIA, "other.test:80"})
        failed = {"other.test:80": request_hosts.HostCounts(images_failed=1)}
        request_hosts.add_counts(connection, request_id, failed)
        assert not request_hosts.others_pending(connection, request_id, {MEDIA})
