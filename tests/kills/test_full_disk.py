"""The disk of the embedded stack is full: uploads say so, images wait, and nothing is lost."""

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.kills.jobs import make_job
from tests.kills.small_disk import MIB, SmallDisk
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until

# Uploads are taken from 64 MiB of free space on.
DISK_MIB = 80
CYCLES = 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path, size_mib=DISK_MIB)
    yield made
    made.close()


@pytest.fixture
def small(disk: SmallDisk) -> SmallDisk:
    """With a service on it that is ready."""
    disk.start()
    assert disk.is_ready(), disk.ready().text
    return disk


def assert_undamaged(disk: SmallDisk) -> None:
    with closing(sqlite3.connect(disk.path / "service.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_full_disk_refuses_uploads_and_costs_no_image(
    small: SmallDisk, image_host: ImageHost
) -> None:
    running, refused = make_job(image_host, images=60, delay=0.2), make_job(image_host)
    request_id = small.uploaded(running)
    until(lambda: len(image_host.requests) >= 5)
    small.fill()
    answer = small.upload(refused)
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Retry-After" in answer.headers
    assert "disk" not in answer.text.lower()
    assert small.ready().status_code == 503
    time.sleep(2)
    assert small.client.get("/healthz").status_code == 200
    small.clear()
    until(small.is_ready, 20)
    until(lambda: small.completed(request_id), 30)
    images = small.client.get(f"/status/{request_id}").json()["images"]
    assert (images["completed"], images["failed"]) == (60, 0)
    assert small.upload(refused).status_code == 202


def test_a_full_disk_lets_requests_be_read_stopped_and_deleted(
    small: SmallDisk, image_host: ImageHost
) -> None:
    done = small.uploaded(make_job(image_host))
    until(lambda: small.completed(done))
    running = small.uploaded(make_job(image_host, images=60, delay=0.5))
    until(lambda: small.status(running) == "processing")
    small.fill()
    for path in (f"/status/{done}", f"/download-output-csv/{done}", f"/requests/{done}/images"):
        assert small.client.get(path).status_code == 200, path
    assert "There is no room for new files" in small.client.get("/").text
    answer = small.client.post(f"/requests/{running}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled"), answer.text
    for request_id in (done, running):
        answer = small.client.delete(f"/requests/{request_id}")
        assert answer.status_code == 204, answer.text
        assert small.client.get(f"/status/{request_id}").status_code == 404
    assert not list((small.path / "files").glob(f"{done}/*"))
    small.clear()
    until(small.is_ready, 20)
    assert "There is no room for new files" not in small.client.get("/").text
    small.stop()
    assert_undamaged(small)


@pytest.mark.parametrize("left_mib", [0, 1, 60])
def test_a_service_starts_on_a_disk_with_little_room(
    small: SmallDisk, image_host: ImageHost, left_mib: int
) -> None:
    first, second = small.uploaded(make_job(image_host)), small.uploaded(make_job(image_host))
    until(lambda: small.completed(first) and small.completed(second))
    # Killed: it leaves SQLite's log behind, which the next start has to read.
    small.stop(signal.SIGKILL if left_mib == 0 else signal.SIGTERM)
    # What is free and the reserve of 16 MiB count as one.
    small.fill(leave_bytes=(left_mib if left_mib < 16 else left_mib - 16) * MIB)
    small.start()
    assert "The disk of DATA_DIR is nearly full" in small.log()
    ready = small.ready()
    assert (ready.status_code, ready.json()["checks"]["disk"]) == (503, "nearly full")
    assert small.upload(make_job(image_host)).status_code == 503
    assert small.client.get(f"/download-output-csv/{second}").status_code == 200
    for request_id in (first, second):
        answer = small.client.delete(f"/requests/{request_id}")
        assert answer.status_code == 204, answer.text
    small.clear()
    until(small.is_ready, 20)
    again = small.uploaded(make_job(image_host))
    until(lambda: small.completed(again))
    small.stop()
    assert_undamaged(small)


@pytest.mark.parametrize("size_mib", [2, 60])
def test_a_service_starts_for_the_first_time_on_a_disk_that_is_too_small(
    tmp_path: Path, image_host: ImageHost, size_mib: int
) -> None:
    disk = SmallDisk(tmp_path, size_mib=size_mib)
    try:
        disk.start()
        assert disk.ready().json()["checks"]["disk"] == "nearly full"
        assert disk.upload(make_job(image_host)).status_code == 503
        assert disk.client.get("/requests").json()["items"] == []
    finally:
        disk.close()


def test_a_disk_that_is_full_again_and_again_does_no_damage(
    small: SmallDisk, image_host: ImageHost
) -> None:
    running = small.uploaded(make_job(image_host, images=200, delay=0.5))
    victims = [small.uploaded(make_job(image_host, images=2)) for _ in range(CYCLES)]
    until(lambda: all(map(small.completed, victims)), 60)
    for number, victim in enumerate(victims):
        small.fill()
        assert small.ready().status_code == 503
        assert small.upload(make_job(image_host, images=2)).status_code == 503
        if number % 5 == 4:
            small.stop(signal.SIGKILL)
            small.start()
        answer = small.client.delete(f"/requests/{victim}")
        assert answer.status_code == 204, answer.text
        small.clear()
        until(small.is_ready, 20)
    until(lambda: small.completed(running), 60)
    images = small.client.get(f"/status/{running}").json()["images"]
    assert (images["completed"], images["failed"]) == (200, 0)
    small.stop()
    assert_undamaged(small)
