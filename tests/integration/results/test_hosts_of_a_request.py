"""The list of a request's hosts, and what its status says of those that hold it up."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.adapters import now
from app.db.models import ProcessingRequest
from app.ending.cancel import cancel
from app.results import hosts, read
from app.results.documents import moment
from tests.integration.bench import Bench
from tests.integration.written import (
    DONE,
    LEFT,
    add_images,
    end_images,
    know_host,
)

WANTED = {
    "https://cdn.test/1": DONE,
    "https://cdn.test/2": LEFT,
    "https://cdn.test/3": LEFT,
    "https://gone.test:8443/1": "timeout",
    "http://shop.test/1": DONE,
    "http://shop.test/2": LEFT,
}


@pytest.fixture
def request_id(idle: Bench) -> str:
    return add_images(idle, WANTED)


def test_hosts_are_listed_by_name_with_their_counters(idle: Bench, request_id: str) -> None:
    listed = listed_hosts(idle, request_id)
    assert [each["host"] for each in listed] == ["cdn.test", "gone.test:8443", "shop.test:80"]
    assert listed[0] == {
        "host": "cdn.test",
        "images": {"total": 3, "completed": 1, "failed": 0, "pending": 2},
        "state": "ok",
        "requests_per_second": None,
        "retry_at": None,
        "last_error": None,
        "bytes": {"input": 100, "output": 40},
    }
    assert listed[1]["images"] == {"total": 1, "completed": 0, "failed": 1, "pending": 0}
    assert listed_hosts(idle, request_id, limit=1) == listed


def test_a_host_in_trouble_is_shown_as_the_workers_know_it(idle: Bench, request_id: str) -> None:
    later = now() + timedelta(seconds=90)
    trouble = {"requests_per_second": 20.0, "retry_at": later, "last_error": "It answered 429."}
    with idle.adapters.database.transaction() as connection:
        know_host(connection, "cdn.test:443", state="paused", **trouble)
        know_host(connection, "elsewhere.test:443", state="paused", **trouble)
    shown = listed_hosts(idle, request_id)[0]
    assert (shown["state"], shown["requests_per_second"]) == ("paused", 20)
    assert (shown["retry_at"], shown["last_error"]) == (moment(later), "It answered 429.")


@pytest.mark.parametrize(
    ("state", "seconds", "shown"),
    [
        ("ok", None, "ok"),
        ("slowed", None, "ok"),
        ("paused", -1, "ok"),
        ("paused", 60, "paused"),
        ("unreachable", 60, "unreachable"),
    ],
)
def test_after_the_end_a_host_is_shown_as_a_retry_would_meet_it(
    idle: Bench, request_id: str, state: str, seconds: int | None, shown: str
) -> None:
    retry_at = None if seconds is None else now() + timedelta(seconds=seconds)
    values: dict[str, Any] = {"state": state, "retry_at": retry_at, "last_error": "It said no."}
    with idle.adapters.database.transaction() as connection:
        know_host(connection, "cdn.test:443", **values)
    cancel(idle.adapters, request_id, owner="")
    host = listed_hosts(idle, request_id)[0]
    assert host["images"] == {"total": 3, "completed": 1, "failed": 0, "pending": 0}
    assert (host["state"], host["retry_at"]) == (shown, None)
    assert host["last_error"] == (None if shown == "ok" else "It said no.")


def test_the_status_names_the_hosts_that_hold_the_request_up(idle: Bench, request_id: str) -> None:
    assert idle.status(request_id)["hosts"] == []
    later = now() + timedelta(seconds=90)
    with idle.adapters.database.transaction() as connection:
        know_host(connection, "cdn.test:443", state="slowed", requests_per_second=20.0)
        know_host(connection, "shop.test:80", state="paused", retry_at=later)
        # Nothing of this request waits for it.
        know_host(connection, "gone.test:8443", state="unreachable")
    status = idle.status(request_id)
    assert status["hosts"] == [
        {
            "host": "cdn.test",
            "state": "slowed",
            "pending": 2,
            "requests_per_second": 20.0,
            "retry_at": None,
        },
        {
            "host": "shop.test:80",
            "state": "paused",
            "pending": 1,
            "requests_per_second": None,
            "retry_at": moment(later),
        },
    ]
    listed = read.requests_page(idle.adapters, owner="", cursor=None, limit=10, status=None)
    assert listed["items"][0]["hosts"] == status["hosts"]
    cancel(idle.adapters, request_id, owner="")
    assert idle.status(request_id)["hosts"] == []


def test_at_most_five_hosts_are_named_those_with_the_most_images_first(idle: Bench) -> None:
    numbers = [3, 1, 7, 2, 6, 5, 4]
    urls = {f"https://h{n}.test/{k}": LEFT for n in numbers for k in range(n)}
    request_id = add_images(idle, urls)
    with idle.adapters.database.transaction() as connection:
        for n in numbers:
            know_host(connection, f"h{n}.test:443", state="slowed", requests_per_second=1.0)
    assert [each["pending"] for each in idle.status(request_id)["hosts"]] == [7, 6, 5, 4, 3]


def test_speed_and_time_left_are_told_while_the_request_is_at_work(
    idle: Bench, request_id: str
) -> None:
    assert (told := idle.status(request_id))["images_per_second"] is None
    assert told["eta_seconds"] is None
    with idle.adapters.database.transaction() as connection:
        connection.execute(update(ProcessingRequest).values(images_per_second=0.25, speed_at=now()))
    told = idle.status(request_id)
    assert (told["images_per_second"], told["eta_seconds"]) == (0.25, 12)
    end_images(idle, request_id, dict.fromkeys(WANTED, DONE))
    told = idle.status(request_id)
    assert (told["status"], told["images_per_second"], told["eta_seconds"]) == (
        "completed",
        None,
        None,
    )


def listed_hosts(service: Bench, request_id: str, *, limit: int = 50) -> list[dict[str, Any]]:
    """The hosts on all pages."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = hosts.hosts_page(service.adapters, request_id, owner="", cursor=cursor, limit=limit)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items
