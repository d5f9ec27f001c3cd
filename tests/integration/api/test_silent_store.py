"""A store that accepts and says nothing: who needs it is told so, nobody else notices."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    make_jpeg,
    problem,
    running_service,
)
from tests.parts.image_host import ImageHost
from tests.parts.muted_front import MutedFront
from tests.parts.s3_servers import S3Server
from tests.parts.waiting import until

# More than there are threads for handlers.
DOWNLOADS = 45


@dataclass
class Behind:
    """A service whose store can be muted, with one request that has ended."""

    service: Service
    front: MutedFront
    request_id: str


@pytest.fixture
def behind(tmp_path: Path, s3_server: S3Server, image_host: ImageHost) -> Iterator[Behind]:
    url = image_host.add("a.jpg", make_jpeg())
    with MutedFront(s3_server.port) as front:
        settings = {
            "s3_bucket": s3_server.unused_bucket_name(),
            "s3_endpoint_url": f"http://127.0.0.1:{front.port}",
            "aws_access_key_id": s3_server.access_key,
            "aws_secret_access_key": s3_server.secret_key,
        }
        with running_service(tmp_path, **settings) as service:
            request_id = accepted(service.client, make_csv(("Mug", url)))
            ended(service.client, request_id)
            try:
                yield Behind(service, front, request_id)
            finally:
                front.muted = False


def test_only_those_who_need_a_silent_store_wait_and_not_for_long(behind: Behind) -> None:
    client, request_id = behind.service.client, behind.request_id
    download = f"/download-output-csv/{request_id}"
    assert client.get(download).status_code == 200
    behind.front.muted = True
    limits = httpx.Limits(max_connections=None)
    base_url = behind.service.base_url
    with (
        ThreadPoolExecutor(DOWNLOADS) as threads,
        httpx.Client(base_url=base_url, limits=limits, timeout=60) as many,
    ):
        waiting = [threads.submit(many.get, download) for _ in range(DOWNLOADS)]
        time.sleep(1)
        for path in (f"/status/{request_id}", "/requests", f"/requests/{request_id}/images", "/"):
            assert client.get(path, timeout=5).status_code == 200
        ready = client.get("/readyz", timeout=5)
        document = problem(ready, 503, "unavailable")
        assert document["checks"] == {"database": "ok", "store": "unavailable", "broker": "ok"}
        assert not any(one.done() for one in waiting)
        for one in waiting:
            problem(one.result(), 503, "unavailable")
    behind.front.muted = False
    assert client.get(download).status_code == 200
    until(lambda: client.get("/readyz").status_code == 200, timeout_seconds=20)
