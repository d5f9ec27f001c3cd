"""The list of a request's hosts, and what its status says of those that hold it up."""

from datetime import timedelta
from typing import Any

import pytest

from app.services import hosts
from app.services.adapters import now
from app.services.cancel import cancel
from app.services.documents import moment
from tests.integration.services.bench import Bench
from tests.integration.services.written import (
    DONE,
    LEFT,
    add_images,
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
