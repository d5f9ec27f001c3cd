"""The numbers of processes as they run: a worker of its own, and a service in one process."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from tests.e2e.served import Served
from tests.factories import make_csv, make_jpeg
from tests.kills.launcher import Launcher
from tests.parts.image_host import ImageHost
from tests.parts.process import REPOSITORY, free_port
from tests.parts.waiting import until

DONE = 'images_finished_total{code="",outcome="completed"} '


@contextmanager
def started(
    data_dir: Path, *, launcher: Launcher | None = None, **settings: str
) -> Iterator[Served]:
    service = Served(data_dir, launcher=launcher, **settings)
    try:
        service.start()
        yield service
    finally:
        service.close()


def metrics(port: int) -> str:
    return httpx.get(f"http://127.0.0.1:{port}/metrics").text


def one_image(service: Served, image_host: ImageHost) -> None:
    """Have one image done."""
    url = image_host.add("a.jpg", make_jpeg())
    request_id = service.upload(make_csv(cells=[["1", "Mug", url]]))
    assert service.ended(request_id)["images"]["completed"] == 1


def test_a_worker_process_shows_its_work_and_the_api_its_calls(
    tmp_path: Path, redis_url: str, image_host: ImageHost
) -> None:
    port = free_port()
    with started(tmp_path, REDIS_URL=redis_url, METRICS_PORT=str(port)) as service:
        one_image(service, image_host)
        of_worker, of_api = metrics(port), service.client.get("/metrics").text
        assert f"{DONE}1.0" in of_worker
        assert "worker_lanes 8.0" in of_worker
        assert 'processing_requests_ended_total{status="completed"} 1.0' in of_worker
        assert 'route="/upload"' not in of_worker
        assert 'http_requests_total{method="POST",route="/upload",status="202"} 1.0' in of_api
        assert "processing_requests_accepted_total 1.0" in of_api
        assert f"{DONE}0.0" in of_api
        assert "database_up 1.0" in of_api
        assert service.terminate() == 0
    with pytest.raises(httpx.ConnectError):
        metrics(port)


def test_a_service_in_one_process_shows_all_and_its_own_port_needs_no_key(
    tmp_path: Path, launcher: Launcher, image_host: ImageHost
) -> None:
    port = free_port()
    settings = {"METRICS_PORT": str(port), "API_KEYS": "a-key-of-the-tests"}
    with started(tmp_path, launcher=launcher, **settings) as service:
        assert service.client.get("/metrics").status_code == 401
        service.client.headers["X-API-Key"] = "a-key-of-the-tests"
        one_image(service, image_host)
        for text in (metrics(port), service.client.get("/metrics").text):
            assert f"{DONE}1.0" in text
            assert 'http_requests_total{method="POST",route="/upload",status="202"} 1.0' in text


def test_a_taken_port_stops_a_worker_with_one_sentence(tmp_path: Path, redis_url: str) -> None:
    service = Served(tmp_path, REDIS_URL=redis_url)
    service.close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "app", "worker"],
            cwd=REPOSITORY,
            env=service.environment | {"METRICS_PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"METRICS_PORT cannot be used: 127.0.0.1:{port}: Address already in use." in said
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_workers_tell_of_their_tasks_only_where_that_is_wanted(
    tmp_path: Path, launcher: Launcher, redis_url: str, image_host: ImageHost, wanted: str
) -> None:
    settings = {"REDIS_URL": redis_url, "CELERY_EVENTS": wanted}
    with redis.Redis.from_url(redis_url) as broker, broker.pubsub() as events:
        events.psubscribe("*celeryev*")
        assert events.get_message(timeout=5)["type"] == "psubscribe"
        topics: set[str] = set()

        def told(kind: str) -> bool:
            while message := events.get_message():
                topics.add(message["channel"].decode().rpartition("/")[2].partition(".")[0])
            return kind in topics

        with started(tmp_path, launcher=launcher, **settings) as service:
            one_image(service, image_host)
            if wanted == "true":
                until(lambda: told("worker"))
                until(lambda: told("task"))
            else:
                assert not told("worker")
                assert topics == set()
