"""Retry of a code, of a host, and after a cancel: exactly what is meant, with exact counters."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.adapters import now
from app.db.models import Image, ProcessingRequest, RequestHost
from app.domain.errors import OptionInvalid, WrongState
from app.ending.cancel import cancel, mark_images
from app.ending.retry import retry
from tests.factories import make_jpeg
from tests.integration.bench import Bench
from tests.integration.written import (
    DONE,
    LEFT,
    add_images,
    end_images,
    hosts_add_up,
)
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until

JPEG = make_jpeg(64, 48)
ENDED = {
    "https://both.test/done": DONE,
    "https://both.test/slow": "timeout",
    "https://both.test/gone": "http_status",
    "http://both.test/gone": "http_status",
    "http://plain.test/gone": "http_status",
    "https://ports.test:8443/slow": "timeout",
}


def test_a_retry_of_a_code_does_only_its_images_again(idle: Bench) -> None:
    request_id = add_images(idle, ENDED)
    assert idle.status(request_id)["errors"] == {"http_status": 3, "timeout": 2}
    hosts_add_up(idle, request_id)
    status = retry(idle.adapters, request_id, owner="", code="http_status")
    assert (status["status"], status["errors"]) == ("processing", {"timeout": 2})
    assert (status["images"]["failed"], status["images"]["pending"]) == (2, 3)
    assert waiting(idle, request_id) == [url for url, end in ENDED.items() if end == "http_status"]
    idle.check_counters(request_id)
    hosts_add_up(idle, request_id)


def test_a_retry_without_a_filter_takes_every_failure_out_of_every_counter(idle: Bench) -> None:
    request_id = add_images(idle, ENDED)
    status = retry(idle.adapters, request_id, owner="")
    assert (status["errors"], status["images"]["pending"]) == ({}, 5)
    idle.check_counters(request_id)
    hosts_add_up(idle, request_id)
    end_images(idle, request_id, dict.fromkeys(ENDED, DONE))
    assert idle.ended(request_id)["images"]["completed"] == 6
    hosts_add_up(idle, request_id)


@pytest.mark.parametrize(
    ("host", "again"),
    [
        ("both.test", ["https://both.test/slow", "https://both.test/gone"]),
        ("BOTH.test:80", ["http://both.test/gone"]),
        ("http://both.test/anything?x=1", ["http://both.test/gone"]),
        # Shown as plain.test:80; without that port, nothing else can be meant.
        ("plain.test", ["http://plain.test/gone"]),
        ("https://ports.test:8443", ["https://ports.test:8443/slow"]),
    ],
)
def test_a_retry_of_a_host_takes_any_spelling_and_leaves_other_hosts_alone(
    idle: Bench, host: str, again: list[str]
) -> None:
    request_id = add_images(idle, ENDED)
    retry(idle.adapters, request_id, owner="", host=host)
    assert waiting(idle, request_id) == again
    idle.check_counters(request_id)
    hosts_add_up(idle, request_id)


def test_a_retry_of_a_code_and_a_host_does_what_has_both(idle: Bench) -> None:
    request_id = add_images(idle, ENDED)
    retry(idle.adapters, request_id, owner="", code="timeout", host="both.test")
    assert waiting(idle, request_id) == ["https://both.test/slow"]


def test_a_filter_that_meets_no_failure_changes_nothing(idle: Bench) -> None:
    request_id = add_images(idle, ENDED)
    for code, host in ((None, "plain.test:443"), ("timeout", "plain.test"), ("internal", None)):
        with pytest.raises(WrongState, match="nothing to try again"):
            retry(idle.adapters, request_id, owner="", code=code, host=host)
    for code, host in ((None, "no host"), ("nonsense", None)):
        with pytest.raises(OptionInvalid):
            retry(idle.adapters, request_id, owner="", code=code, host=host)
    assert idle.status(request_id)["status"] == "completed"


def test_a_retry_forgets_what_held_the_request_before(idle: Bench) -> None:
    request_id = add_images(idle, {"http://a.test/1": "host_unreachable"})
    held = {"held_until": now() + timedelta(hours=1), "images_per_second": 3, "speed_at": now()}
    with idle.adapters.database.transaction() as connection:
        connection.execute(update(ProcessingRequest).values(**held))
        connection.execute(update(RequestHost).values(give_up="host_unreachable"))
    retry(idle.adapters, request_id, owner="")
    with idle.adapters.database.read() as connection:
        row = connection.execute(select(ProcessingRequest.__table__)).one()
        given_up = connection.execute(select(RequestHost.give_up)).scalar_one()
    assert (row.held_until, row.images_per_second, row.speed_at, given_up) == (None,) * 4


def test_a_cancelled_request_goes_on_where_it_stopped(
    service: Bench, image_host: ImageHost
) -> None:
    fast = [[image_host.add("fast.jpg", JPEG)], [image_host.url("gone.jpg")]]
    slow = [[image_host.add(f"slow-{n}.jpg", JPEG, delay=0.3)] for n in range(200)]
    request_id = service.upload_urls(*fast, *slow)
    until(lambda: service.status(request_id)["images"]["failed"] == 1)
    until(lambda: service.status(request_id)["images"]["completed"] >= 1)
    assert cancel(service.adapters, request_id, owner="")["images"]["cancelled"] > 0
    after = retry(service.adapters, request_id, owner="", code="http_status")
    assert (after["status"], after["images"]["cancelled"]) == ("processing", 0)
    status = service.ended(request_id)
    assert (status["images"]["completed"], status["errors"]) == (201, {"http_status": 1})
    assert (image_host.hits("fast.jpg"), image_host.hits("gone.jpg")) == (1, 2)
    hosts_add_up(service, request_id)


def test_a_request_that_was_cancelled_before_its_rows_were_written_is_begun(
    idle: Bench, image_host: ImageHost
) -> None:
    request_id = idle.upload_urls([image_host.add("a.jpg", JPEG)])
    cancel(idle.adapters, request_id, owner="")
    assert retry(idle.adapters, request_id, owner="")["status"] == "processing"
    idle.start()
    assert idle.ended(request_id)["images"]["completed"] == 1


def test_a_sweep_that_found_the_request_cancelled_leaves_it_alone_after_a_retry(
    idle: Bench,
) -> None:
    request_id = add_images(idle, {"http://a.test/1": DONE, "http://a.test/2": LEFT})
    assert not mark_images(idle.adapters, request_id)
    assert waiting(idle, request_id) == ["http://a.test/2"]


def waiting(service: Bench, request_id: str) -> list[str]:
    """The URLs that wait, in the file's order."""
    query = select(Image.source_url).where(
        Image.request_id == request_id, Image.status == "pending"
    )
    with service.adapters.database.read() as connection:
        return list(connection.execute(query.order_by(Image.seq)).scalars())
