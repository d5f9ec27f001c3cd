"""Redis, Postgres and S3 are away for a while, empty, or silent: uploads and images wait."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kills import outages
from tests.kills.checks import Auditor, Findings
from tests.kills.conftest import StartService
from tests.kills.jobs import Job, make_job
from tests.kills.points import WORKER
from tests.kills.service import Service
from tests.kills.stacks import FULL, Stack
from tests.parts.image_host import ImageHost
from tests.parts.process import private_folder
from tests.parts.waiting import until

AWAY_SECONDS = 2
# An upload may wait for a time-out of a part that is away, but not for long.
PATIENCE_SECONDS = 10


@dataclass
class Parts:
    redis: outages.Switchable
    postgres: outages.Switchable
    s3: outages.Switchable


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """One set of servers for this file; each test leaves them switched on."""
    data = private_folder("postgres-data")
    with ExitStack() as stop:
        stop.callback(shutil.rmtree, data)
        made = Parts(
            outages.redis(),
            outages.postgres(data),
            outages.s3(tmp_path_factory.mktemp("s3") / "objects"),
        )
        for part in (made.redis, made.postgres, made.s3):
            stop.callback(part.off)
        yield made


@pytest.fixture
def running(parts: Parts, tmp_path: Path, new_service: StartService) -> Service:
    """A service on those servers."""
    settings = parts.redis.settings | parts.postgres.settings | parts.s3.settings
    # A bucket of its own, so that each test can look at the whole store.
    settings["S3_BUCKET"] = f"bucket-{tmp_path.name.replace('_', '-').lower()}"[:60].strip("-")
    service = new_service(Stack(FULL, tmp_path, settings))
    service.start()
    service.wait_ready()
    return service


def test_redis_emptied_restarted_and_away(
    parts: Parts, running: Service, image_host: ImageHost
) -> None:
    jobs = [make_job(image_host, images=40) for _ in range(3)]
    assert running.upload(jobs[0])
    parts.redis.off()
    until(lambda: len(image_host.requests) >= 1)
    # Away: the 202 comes all the same, and the work is done without hints, also by a worker that
    # starts only now.
    assert upload_in_time(running, jobs[1])
    running.kill(WORKER)
    running.start()
    running.wait_end(jobs[1])
    assert running.client.get("/readyz").json()["status"] == "degraded"
    parts.redis.on()
    until(lambda: running.client.get("/readyz").json()["status"] == "ok")
    assert upload_in_time(running, jobs[2])
    audit(running, image_host, jobs)


def test_a_redis_that_only_holds_the_line_delays_no_upload(
    parts: Parts, running: Service, image_host: ImageHost
) -> None:
    jobs = [make_job(image_host) for _ in range(2)]
    assert running.upload(jobs[0])
    parts.redis.freeze()
    try:
        assert upload_in_time(running, jobs[1])
        running.wait_end(jobs[1])
    finally:
        parts.redis.freeze(frozen=False)
    audit(running, image_host, jobs)


def test_postgres_restarted_in_the_middle_and_away(
    parts: Parts, running: Service, image_host: ImageHost
) -> None:
    jobs = [make_job(image_host, images=60, delay=0.2), make_job(image_host)]
    assert running.upload(jobs[0])
    until(lambda: len(image_host.requests) >= 5)
    parts.postgres.off()
    assert running.client.get("/readyz").status_code == 503
    file = ("products.csv", jobs[1].content, "text/csv")
    refused = running.client.post("/upload", files={"file": file})
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    time.sleep(AWAY_SECONDS)
    parts.postgres.on()
    until(lambda: running.upload(jobs[1]))
    audit(running, image_host, jobs)


def test_s3_away_in_the_middle(parts: Parts, running: Service, image_host: ImageHost) -> None:
    jobs = [make_job(image_host, images=60, delay=0.2), make_job(image_host)]
    assert running.upload(jobs[0])
    until(lambda: len(image_host.requests) >= 5)
    parts.s3.off()
    file = ("products.csv", jobs[1].content, "text/csv")
    refused = running.client.post("/upload", files={"file": file})
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    time.sleep(AWAY_SECONDS)
    parts.s3.on()
    until(lambda: running.upload(jobs[1]))
    audit(running, image_host, jobs)


def upload_in_time(service: Service, job: Job) -> bool:
    started = time.monotonic()
    accepted = service.upload(job)
    assert time.monotonic() - started < PATIENCE_SECONDS
    return accepted


def audit(service: Service, host: ImageHost, jobs: list[Job]) -> None:
    for job in jobs:
        service.wait_end(job)
    auditor = Auditor(service, host)
    try:
        assert auditor.audit(jobs) == Findings(), service.log()
    finally:
        auditor.close()
