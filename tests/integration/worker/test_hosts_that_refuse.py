"""A host that limits its callers, refuses for long or falls silent: what becomes of its images."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.adapters import now
from app.db.hosts import request_hosts
from app.db.models import Host, ProcessingRequest, RequestHost
from app.domain import retry
from app.domain.tasks import Task
from app.ending.give_up import fail_given_up
from tests.factories import make_jpeg
from tests.integration.bench import Bench, bench
from tests.parts.host_rules import HostRules
from tests.parts.image_host import ImageHost
from tests.parts.limited_host import LimitedHost
from tests.parts.waiting import until

JPEG = make_jpeg(64, 48)
# Each host has an address of its own, so that nobody has learnt anything of it.
ADDRESSES = (f"127.0.8.{n}" for n in count(1))


@pytest.fixture
def host() -> Iterator[LimitedHost]:
    """A host of its own, without a limit until a test says so."""
    with LimitedHost(address=next(ADDRESSES)) as made:
        yield made


def urls(host: LimitedHost, images: int, folder: str = "p") -> list[list[str]]:
    return [[host.url(f"{folder}/{n}.jpg")] for n in range(images)]


def hosts_of(service: Bench, request_id: str) -> dict[str, Any]:
    with service.adapters.database.read() as connection:
        query = select(RequestHost.__table__).where(RequestHost.request_id == request_id)
        return {row.host: row for row in connection.execute(query)}


def test_a_limit_costs_time_and_no_image_and_no_attempt(service: Bench, host: LimitedHost) -> None:
    assert burnt_by_a_limit(service, host, HostRules(rate=40, retry_after="1")) == 0


@pytest.mark.parametrize(("status", "retry_after"), [(429, None), (503, "1"), (503, None)])
def test_other_ways_to_refuse_cost_no_image_either(
    local: Bench, host: LimitedHost, status: Any, retry_after: str | None
) -> None:
    rules = HostRules(rate=40, refusal_status=status, retry_after=retry_after)
    burnt = burnt_by_a_limit(local, host, rules)
    # A 503 that says nothing of time is a broken server until it comes several times in a row.
    bare = status == 503 and retry_after is None
    assert burnt <= (host.counts().refused if bare else 0)


def burnt_by_a_limit(service: Bench, host: LimitedHost, rules: HostRules) -> int:
    """Have 120 images done by a host with these rules; how many needed a second attempt."""
    host.become(rules)
    request_id = service.upload_urls(*urls(host, 120))
    done = service.ended(request_id, timeout_seconds=60)
    assert (done["images"]["completed"], done["errors"]) == (120, {})
    assert host.counts().refused <= 15
    return sum(1 for image in service.images(request_id) if image["attempts"] > 1)


def test_the_counters_by_host_are_what_the_images_add_up_to(
    service: Bench, host: LimitedHost, image_host: ImageHost
) -> None:
    good = [[image_host.add(f"{n}.jpg", JPEG)] for n in range(5)]
    bad = [[image_host.add(f"gone-{n}.jpg", b"no", status=404)] for n in range(3)]
    request_id = service.upload_urls(*good, *bad, *urls(host, 4))
    service.ended(request_id)
    rows = hosts_of(service, request_id)
    counted = [
        (row.images_total, row.images_completed, row.images_failed, row.input_bytes > 0)
        for row in rows.values()
    ]
    assert sorted(counted) == [(4, 4, 0, True), (8, 5, 3, True)]
    images = service.images(request_id)
    total = sum(row.output_bytes for row in rows.values())
    assert total == sum(image["output_bytes"] or 0 for image in images)


def test_what_one_request_learnt_serves_the_next(local: Bench, host: LimitedHost) -> None:
    host.become(HostRules(rate=25, retry_after="1"))
    local.ended(local.upload_urls(*urls(host, 60)), timeout_seconds=60)
    before = host.counts().refused
    local.ended(local.upload_urls(*urls(host, 60, "again")), timeout_seconds=60)
    # A busy machine may send what it held back in one go; a burst of 60 would be refused for 35.
    assert host.counts().refused - before <= 5


def test_a_pause_holds_every_worker(stack: dict[str, Any], host: LimitedHost) -> None:
    host.become(HostRules(rate=20, retry_after="4"))
    with bench(**stack) as one, bench(**stack) as other:
        request_id = one.upload_urls(*urls(host, 60))
        until(lambda: host.counts().refused > 0)
        other.runtime.run(Task.WORK, request_id)
        done = one.ended(request_id, timeout_seconds=60)
    assert done["images"]["completed"] == 60
    quiet = [requests for requests, _ in host.counts().timeline]
    assert 0 in quiet


def test_a_good_host_is_not_held_up_by_one_that_is_paused(
    local: Bench, host: LimitedHost, image_host: ImageHost
) -> None:
    host.become(HostRules(rate=1, retry_after="20"))
    good = [[image_host.add(f"{n}.jpg", JPEG)] for n in range(40)]
    request_id = local.upload_urls(*urls(host, 300), *good)

    def all_good_are_done() -> bool:
        row = hosts_of(local, request_id).get(image_host.url("x").split("/")[2])
        return row is not None and row.images_completed == 40

    until(all_good_are_done, 10)
    assert host.counts().requests < 40


def test_images_fail_together_when_the_patience_is_over(
    stack: dict[str, Any], host: LimitedHost
) -> None:
    host.become(HostRules(rate=0, retry_after="1"))
    with bench(**stack, host_patience_seconds=3) as service:
        request_id = service.upload_urls(*urls(host, 500))
        done = service.ended(request_id, timeout_seconds=30)
        assert done["errors"] == {"rate_limited": 500}
        image = service.images(request_id)[0]
        assert image["attempts"] == 0
        assert host.base_url.removeprefix("http://") in image["error"]["message"]
        (row,) = hosts_of(service, request_id).values()
        assert (row.images_failed, row.give_up) == (500, None)


def test_one_that_asks_for_a_day_ends_its_image_and_no_other(
    local: Bench, image_host: ImageHost
) -> None:
    day = {"Retry-After": "86400"}
    asks = [image_host.add(f"{n}.jpg", b"no", status=429, headers=day) for n in range(3)]
    good = [image_host.add(f"good-{n}.jpg", JPEG) for n in range(30)]
    mixed = [[url] for pair in zip(asks, good[:3], strict=True) for url in pair]
    request_id = local.upload_urls(*mixed, *([url] for url in good[3:]))
    done = local.ended(request_id)
    assert (done["images"]["completed"], done["errors"]) == (30, {"rate_limited": 3})
    image = local.by_url(request_id)[asks[0]]
    assert "24 hours" in image["error"]["message"]


def test_one_path_that_is_always_busy_does_not_speak_for_its_host(
    local: Bench, image_host: ImageHost
) -> None:
    busy = image_host.add("busy.jpg", b"busy", status=503)
    good = [[image_host.add(f"{n}.jpg", JPEG)] for n in range(20)]
    done = local.ended(local.upload_urls([busy], *good))
    assert (done["images"]["completed"], done["errors"]) == (20, {"http_status": 1})


def test_a_held_request_is_noted_at_once_and_looked_at_again_before_its_host_may_be_asked(
    local: Bench, host: LimitedHost
) -> None:
    host.become(HostRules(rate=0, retry_after="600"))
    local.upload_urls(*urls(host, 20))
    until(lambda: held_until(local, 0) is not None)
    # The second one meets a host that is held already, and its turn is over within moments.
    local.upload_urls(*urls(host, 20, "again"))
    until(lambda: held_until(local, 1) is not None, 10)
    for number in range(2):
        assert (held_until(local, number) - now()).total_seconds() <= 30


def held_until(service: Bench, number: int) -> Any:
    with service.adapters.database.read() as connection:
        query = select(ProcessingRequest.held_until).order_by(ProcessingRequest.id)
        return connection.execute(query).scalars().all()[number]


def test_a_late_give_up_leaves_what_was_put_back_by_a_retry(
    tmp_path: Path, host: LimitedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(working=False, data_dir=tmp_path) as service:
        request_id = service.upload_urls(*urls(host, 5))
        service.runtime.run(Task.INGEST, request_id)
        with service.adapters.database.transaction() as connection:
            connection.execute(update(RequestHost).values(give_up="rate_limited"))
            pairs = request_hosts.given_up(connection, limit=9)
            connection.execute(update(RequestHost).values(give_up=None))
        monkeypatch.setattr(request_hosts, "given_up", lambda *_, **__: pairs)
        fail_given_up(service.adapters)
        assert service.status(request_id)["images"]["failed"] == 0


@pytest.mark.parametrize("silence", ["hang", "refuse"])
def test_a_silent_host_is_given_up_with_all_its_images(
    stack: dict[str, Any], host: LimitedHost, image_host: ImageHost, silence: Any
) -> None:
    host.become(HostRules(silence=silence))
    good = [[image_host.add(f"{n}.jpg", JPEG)] for n in range(30)]
    settings = stack | {"fetch_timeout_seconds": 1, "fetch_max_attempts": 3}
    with bench(**settings) as service:
        request_id = service.upload_urls(*urls(host, 2_000), *good)
        done = service.ended(request_id, timeout_seconds=40)
        assert done["images"]["completed"] == 30
        assert done["errors"]["host_unreachable"] >= 1_980
        given_up = [
            image
            for image in service.images(request_id)
            if image["error"] and image["error"]["code"] == "host_unreachable"
        ]
        assert "did not answer" in given_up[0]["error"]["message"]
    assert host.counts().requests <= 40 if silence == "hang" else True


def test_odd_paths_among_good_ones_fail_alone(tmp_path: Path, host: LimitedHost) -> None:
    odd = [[host.url(f"odd/hang-{n}.jpg")] for n in range(20)]
    # Long enough for good ones to be answered in time on a busy machine.
    settings = {"fetch_timeout_seconds": 1.5, "fetch_max_attempts": 3}
    with bench(data_dir=tmp_path, **settings) as service:
        request_id = service.upload_urls(*odd, *urls(host, 200))
        done = service.ended(request_id, timeout_seconds=90)
    assert (done["images"]["completed"], done["errors"]) == (200, {"timeout": 20})


def test_a_host_that_was_given_up_is_tried_again_by_the_next_request(
    local: Bench, host: LimitedHost
) -> None:
    host.become(HostRules(silence="refuse"))
    first = local.upload_urls(*urls(host, 60))
    assert local.ended(first, timeout_seconds=40)["status"] == "failed"
    host.become(HostRules())
    again = local.upload_urls(*urls(host, 60, "again"))
    assert local.ended(again, timeout_seconds=40)["images"]["completed"] == 60


def test_images_that_were_left_waiting_by_a_death_fail_at_the_next_sweep(
    tmp_path: Path, host: LimitedHost
) -> None:
    with bench(working=False, data_dir=tmp_path) as service:
        request_id = service.upload_urls(*urls(host, 30))
        service.runtime.run(Task.INGEST, request_id)
        with service.adapters.database.transaction() as connection:
            connection.execute(
                update(RequestHost).values(give_up="rate_limited", give_up_message="It refused.")
            )
        fail_given_up(service.adapters)
        assert service.status(request_id)["errors"] == {"rate_limited": 30}
        service.check_counters(request_id)
        # Once more changes nothing.
        fail_given_up(service.adapters)
        assert service.status(request_id)["images"]["failed"] == 30


def test_the_host_s_row_tells_people_what_is_the_matter(local: Bench, host: LimitedHost) -> None:
    host.become(HostRules(rate=1, retry_after="15"))
    local.upload_urls(*urls(host, 100))

    def row() -> Any:
        name = host.base_url.removeprefix("http://")
        with local.adapters.database.read() as connection:
            query = select(Host.__table__).where(Host.host == name)
            return connection.execute(query).one_or_none()

    until(lambda: row() is not None and row().state == "paused")
    assert 0 < (row().retry_at - now()).total_seconds() < 16
    assert "429" in row().last_error
    assert row().requests_per_second is None or row().requests_per_second < retry.HOST_START_RATE
