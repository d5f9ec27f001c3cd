"""Cancel, retry, delete and retention."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.adapters import now
from app.db import requests
from app.db.models import (
    Base,
    Host,
    Installation,
    Lease,
    ProcessingRequest,
    Unwatched,
)
from app.domain.errors import RequestNotFound, WrongState
from app.domain.options import ProcessingOptions
from app.ending.cancel import cancel
from app.ending.retry import retry
from app.upkeep.delete import delete
from tests.factories import make_jpeg
from tests.integration.bench import Bench, bench
from tests.integration.db.parts import count
from tests.parts.image_host import Answer, ImageHost
from tests.parts.waiting import until

JPEG = make_jpeg(64, 48)


def test_after_a_cancel_nothing_new_starts_and_what_is_done_stays(
    service: Bench, image_host: ImageHost
) -> None:
    fast = [[image_host.add(f"fast-{n}.jpg", JPEG)] for n in range(5)]
    slow = [[image_host.add(f"slow-{n}.jpg", JPEG, delay=0.4)] for n in range(300)]
    request_id = service.upload_urls(*fast, *slow)
    until(lambda: service.status(request_id)["images"]["completed"] >= 5)
    status = cancel(service.adapters, request_id, owner="")
    assert status["status"] == "cancelled"
    assert service.by_url(request_id)[fast[0][0]]["status"] == "completed"
    # A second, and what a busy machine adds to it.
    time.sleep(1.5)
    begun = len(image_host.requests)
    done = service.status(request_id)["images"]["completed"]
    time.sleep(1)
    assert len(image_host.requests) == begun < 200

    status = service.ended(request_id)
    assert status["images"]["completed"] == done >= 5
    assert status["images"]["cancelled"] == 305 - done
    until(
        lambda: (
            {image["status"] for image in service.images(request_id)} == {"completed", "cancelled"}
        )
    )
    places = [row["Output Image Urls"] for row in service.output(request_id)]
    assert [bool(place) for place in places[:5]] == [True] * 5
    assert sum(map(bool, places)) == done
    assert cancel(service.adapters, request_id, owner="")["status"] == "cancelled"


def test_a_request_can_be_cancelled_before_its_rows_are_written(tmp_path: Path) -> None:
    with bench(working=False, data_dir=tmp_path) as service:
        request_id = service.upload_urls(["http://127.0.0.1:9/a.jpg"])
        assert cancel(service.adapters, request_id, owner="")["images"]["cancelled"] == 1
        service.start()
        time.sleep(0.5)
        assert service.images(request_id) == []
        assert [row["Output Image Urls"] for row in service.output(request_id)] == [""]


def test_what_has_ended_cannot_be_cancelled(local: Bench, image_host: ImageHost) -> None:
    request_id = local.upload_urls([image_host.add("a.jpg", JPEG)])
    local.ended(request_id)
    with pytest.raises(WrongState):
        cancel(local.adapters, request_id, owner="")


def test_a_retry_does_the_failed_images_again_and_only_those(
    service: Bench, image_host: ImageHost
) -> None:
    good = image_host.add("good.jpg", JPEG)
    mended = image_host.add_answers("bad.jpg", [Answer(b"gone", 404), Answer(JPEG)])
    lost = image_host.url("lost.jpg")
    request_id = service.upload_urls([good, mended, lost])
    before = service.ended(request_id)
    assert (before["images"]["completed"], before["images"]["failed"]) == (1, 2)
    url = service.by_url(request_id)[good]["output_url"]

    assert retry(service.adapters, request_id, owner="")["status"] == "processing"
    after = service.ended(request_id)
    assert (after["images"]["completed"], after["images"]["failed"]) == (2, 1)
    assert after["errors"] == {"http_status": 1}
    assert [image_host.hits(path) for path in ("good.jpg", "bad.jpg", "lost.jpg")] == [1, 2, 2]
    places = service.output(request_id)[0]["Output Image Urls"].split(",")
    assert places[0] == url
    assert places[1].endswith("/2-2-product-1.jpg")
    assert places[2] == ""


def test_there_is_nothing_to_retry_where_nothing_failed(
    local: Bench, image_host: ImageHost
) -> None:
    request_id = local.upload_urls([image_host.add("a.jpg", JPEG)])
    local.ended(request_id)
    with pytest.raises(WrongState):
        retry(local.adapters, request_id, owner="")


def test_a_delete_leaves_no_rows_and_no_objects(service: Bench, image_host: ImageHost) -> None:
    options = ProcessingOptions(keep_originals=True)
    urls = [image_host.add("a.jpg", JPEG), image_host.url("missing.jpg")]
    request_id = service.upload_urls(urls, options=options, idempotency_key="key")
    service.ended(request_id)
    assert len(service.keys(request_id)) == 3
    delete(service.adapters, request_id, owner="")
    assert service.keys(request_id) == set()
    assert rows_left(service) == {}
    with pytest.raises(RequestNotFound):
        service.status(request_id)


def test_a_delete_in_the_middle_leaves_nothing_once_the_workers_have_let_go(
    service: Bench, image_host: ImageHost
) -> None:
    urls = [[image_host.add(f"{n}.jpg", JPEG, delay=0.2)] for n in range(500)]
    request_id = service.upload_urls(*urls)
    until(lambda: service.status(request_id)["images"]["completed"] >= 5)
    delete(service.adapters, request_id, owner="")
    with pytest.raises(RequestNotFound):
        service.status(request_id)
    # The lease (2 s) bounds how long a worker may be in the middle of an image.
    until(lambda: rows_left(service) == {}, 10)
    assert service.keys(request_id) == set()
    time.sleep(1)
    assert service.keys(request_id) == set()
    assert len(image_host.requests) < 400


def test_an_image_that_is_stored_after_the_delete_goes_as_well(tmp_path: Path) -> None:
    with bench(working=False, data_dir=tmp_path) as service:
        request_id = service.upload_urls(["http://127.0.0.1:9/a.jpg"])
        with service.adapters.database.transaction() as connection:
            requests.claim_ingest(connection, request_id, now=now(), lease_until=now())
        delete(service.adapters, request_id, owner="")
        late = tmp_path / "files" / request_id / "2-1-product-1.jpg"
        late.parent.mkdir(parents=True)
        late.write_bytes(b"a worker was in the middle of it")
        service.start()
        until(lambda: rows_left(service) == {}, 10)
        assert service.keys(request_id) == set()


def test_only_old_requests_that_have_ended_expire(tmp_path: Path, image_host: ImageHost) -> None:
    with bench(data_dir=tmp_path, retention_days=1) as service:
        ids = [service.upload_urls([image_host.add("a.jpg", JPEG)]) for _ in range(2)]
        slow = service.upload_urls([image_host.add("b.jpg", JPEG, delay=2)])
        for request_id in ids:
            service.ended(request_id)
        old = now() - timedelta(days=1, seconds=1)
        for request_id in (ids[0], slow):
            change(service, request_id, created_at=old)
        change(service, ids[0], finished_at=old)
        until(lambda: service.keys(ids[0]) == set())
        with pytest.raises(RequestNotFound):
            service.status(ids[0])
        assert service.status(ids[1])["status"] == "completed"
        service.ended(slow)


def change(service: Bench, request_id: str, **values: Any) -> None:
    with service.adapters.database.transaction() as connection:
        connection.execute(
            update(ProcessingRequest).where(ProcessingRequest.id == request_id).values(**values)
        )


NOT_OF_REQUESTS = {each.__tablename__ for each in (Lease, Installation, Unwatched, Host)}


def rows_left(service: Bench) -> dict[str, int]:
    """How many rows of requests each table has, apart from the empty ones."""
    counts = {
        table.name: count(service.adapters.database, table)
        for table in Base.metadata.sorted_tables
        if table.name not in NOT_OF_REQUESTS
    }
    return {name: rows for name, rows in counts.items() if rows}
