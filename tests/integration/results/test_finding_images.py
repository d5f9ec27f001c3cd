"""The filters of a request's images: each alone, all together, page by page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.adapters import now
from app.db import queue, requests
from app.domain.errors import OptionInvalid
from app.domain.statuses import RequestStatus
from app.results import outputs, read
from tests.integration.bench import Bench, bench, rows_of
from tests.integration.written import DONE, LEFT, add_images

CDN, SHOP = "https://cdn.test", "http://shop.test"
WANTED = {
    f"{CDN}/mug_1.jpg": DONE,
    f"{CDN}/mug-1.jpg": "timeout",
    f"{SHOP}/Cushion.jpg": "timeout",
    f"{SHOP}/100%25.jpg": "http_status",
    f"{CDN}/vase.jpg": LEFT,
    f"{SHOP}/stool.jpg": LEFT,
}
NAMES = ("Stoneware Mug", "Becher ÄRMEL", "100% linen", "Straße 5", "Glass_vase", "Oak stool")


@pytest.fixture(scope="module")
def idle(shared_stack: dict[str, Any]) -> Iterator[Bench]:
    """One for all, because each test looks at a request of its own."""
    with bench(working=False, **shared_stack) as made:
        yield made


@pytest.fixture
def request_id(idle: Bench) -> str:
    return add_images(idle, WANTED, names=NAMES)


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ({}, [2, 3, 4, 5, 6, 7]),
        ({"status": "pending"}, [6, 7]),
        ({"status": "failed"}, [3, 4, 5]),
        ({"code": "timeout"}, [3, 4]),
        ({"host": "cdn.test"}, [2, 3, 6]),
        ({"host": "shop.test"}, [4, 5, 7]),
        ({"host": f"{SHOP}/x.jpg"}, [4, 5, 7]),
        ({"host": "elsewhere.test"}, []),
        ({"status": "failed", "code": "timeout", "host": "shop.test"}, [4]),
        ({"text": "MUG"}, [2, 3]),
        ({"text": "sn-5"}, [6]),
        ({"text": "cushion"}, [4]),
        # Each of these is a wildcard of LIKE, or its escape.
        ({"text": "%"}, [4, 5]),
        ({"text": "_"}, [2, 6]),
        ({"text": "/mug"}, [2, 3]),
        ({"text": "\\"}, []),
        ({"text": "ärmel"}, [3]),
        ({"text": "straße"}, [5]),
        ({"text": "  "}, [2, 3, 4, 5, 6, 7]),
        ({"text": "mug", "status": "failed", "host": "cdn.test", "code": "timeout"}, [3]),
    ],
)
def test_images_are_found_by_state_code_host_and_text(
    idle: Bench, request_id: str, filters: dict[str, str], rows: list[int]
) -> None:
    assert shown(idle, request_id, **filters) == rows
    assert shown(idle, request_id, limit=1, **filters) == rows


def test_pending_lists_what_its_counter_counts(idle: Bench, request_id: str) -> None:
    moment = now()
    with idle.adapters.database.transaction() as connection:
        lease_until = moment + timedelta(minutes=1)
        queue.claim(connection, request_id, limit=1, now=moment, lease_until=lease_until)
    assert idle.status(request_id)["images"]["pending"] == 2
    assert shown(idle, request_id, status="pending") == [6, 7]
    assert shown(idle, request_id, status="processing") == [6]


def test_images_of_a_cancelled_request_are_cancelled_before_each_is_marked(
    idle: Bench, request_id: str
) -> None:
    with idle.adapters.database.transaction() as connection:
        cancelled = RequestStatus.CANCELLED
        requests.end(connection, request_id, status=cancelled, reason=None, now=now())
    assert idle.status(request_id)["images"]["cancelled"] == 2
    assert shown(idle, request_id, status="cancelled") == [6, 7]
    assert shown(idle, request_id, status="pending") == []
    assert {each["status"] for each in idle.images(request_id)} == {
        "completed",
        "failed",
        "cancelled",
    }


@pytest.mark.parametrize(
    ("filters", "option"),
    [
        ({"code": "gone"}, "code"),
        ({"host": "a b"}, "host"),
        ({"host": "\0"}, "host"),
        ({"text": "\0"}, "q"),
        ({"text": "x" * 10_000}, "q"),
        ({"status": "lost"}, "status"),
    ],
)
def test_a_filter_that_cannot_be_is_named(
    idle: Bench, request_id: str, filters: dict[str, str], option: str
) -> None:
    with pytest.raises(OptionInvalid) as refused:
        shown(idle, request_id, **filters)
    assert refused.value.option == option


def test_the_failed_rows_of_a_code_and_a_host_are_a_file_of_their_own(
    idle: Bench, request_id: str
) -> None:
    def report(**filters: Any) -> list[str]:
        made = outputs.report_csv(idle.adapters, request_id, owner="", **filters)
        return [row.get("S. No.") or row["serial_number"] for row in rows_of(made)]

    assert report(status="failed") == ["SN-2", "SN-3", "SN-4"]
    assert report(status="failed", code="timeout") == ["SN-2", "SN-3"]
    assert report(status="failed", code="timeout", host="shop.test") == ["SN-3"]
    assert report(status=None, host="cdn.test") == ["SN-1", "SN-2", "SN-5"]


def shown(service: Bench, request_id: str, *, limit: int = 100, **filters: Any) -> list[int]:
    """The rows of the images on all pages."""
    rows: list[int] = []
    cursor = None
    while True:
        page = read.images_page(
            service.adapters, request_id, owner="", cursor=cursor, limit=limit, **filters
        )
        rows += [item["row"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows
