"""Speed and time left, from a request's average and the hosts that hold it up."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from app.domain.forecast import Forecast, forecast

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Host(NamedTuple):
    state: str
    pending: int
    requests_per_second: float | None = None
    retry_at: datetime | None = None


def look(
    pending: int, average: float | None, *hosts: Host, age_seconds: float = 1
) -> tuple[float | None, int | None]:
    average_at = NOW - timedelta(seconds=age_seconds)
    return forecast(pending, average=average, average_at=average_at, hosts=hosts, now=NOW)


def test_nothing_is_known_before_the_first_image() -> None:
    assert look(10, None) == Forecast(None, None)
    assert forecast(10, average=5, average_at=None, hosts=(), now=NOW) == Forecast(None, None)


def test_the_time_left_is_what_waits_at_the_speed_of_now() -> None:
    assert look(1_001, 10) == (10, 101)
    assert look(0, 10) == (10, 0)


def test_a_request_that_stands_still_has_no_speed_and_no_end_in_sight() -> None:
    assert look(10, 5, age_seconds=59) == (5, 2)
    assert look(10, 5, age_seconds=61) == (0, None)


@pytest.mark.parametrize(
    ("host", "seconds"),
    [
        (Host("slowed", 500, 20), 25),
        # It needs less than all others do.
        (Host("slowed", 5, 20), 10),
        (Host("paused", 500, 20, NOW + timedelta(seconds=90)), 115),
        (Host("paused", 500, 20, NOW - timedelta(seconds=90)), 25),
        # No limit in sight behind the pause: the request's own speed is the best guess.
        (Host("paused", 500, None, NOW + timedelta(seconds=90)), 95),
        (Host("unreachable", 1, 20), None),
    ],
)
def test_a_host_in_trouble_makes_it_longer_and_never_shorter(
    host: Host, seconds: int | None
) -> None:
    assert look(1_000, 100, host) == (100, seconds)


def test_the_slowest_host_decides() -> None:
    hosts = (Host("slowed", 500, 50), Host("slowed", 100, 5))
    assert look(600, 100, *hosts) == (100, 20)


def test_a_limited_host_that_has_all_images_tells_the_time_before_the_first_is_done() -> None:
    assert look(500, None, Host("slowed", 500, 20)) == (None, 25)
    assert look(501, None, Host("slowed", 500, 20)) == (None, None)
    assert look(500, None, Host("paused", 500)) == (None, None)
