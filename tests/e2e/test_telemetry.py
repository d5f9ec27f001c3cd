"""The service sends its traces to a collector, where one is named."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tests.factories import make_csv
from tests.kills.launcher import Launcher
from tests.parts.process import REPOSITORY
from tests.parts.trace_collector import TraceCollector
from tests.parts.waiting import until

UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def collector() -> Iterator[TraceCollector]:
    with TraceCollector() as collector:
        yield collector


def test_calls_are_traced_with_their_route_and_without_their_query(
    tmp_path: Path, launcher: Launcher, collector: TraceCollector
) -> None:
    service = Served(
        tmp_path,
        launcher=launcher,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.base_url,
        OTEL_BSP_SCHEDULE_DELAY="50",
    )
    try:
        service.start()
        file = ("products.csv", make_csv(rows=1), "text/csv")
        answer = service.client.post(
            "/upload",
            files={"file": file},
            params={"dry_run": "true", "webhook_url": "https://hooks.example/?token=5ec7e7"},
        )
        assert answer.status_code == 200, answer.text
        assert service.client.get(f"/status/{UNKNOWN}").status_code == 404
        until(lambda: len([name for name, _ in collector.spans if " /" in name]) >= 2)
    finally:
        service.close()
    assert collector.paths == {"/v1/traces"}
    assert collector.services == {"image-processing-service"}
    calls = {name: attributes for name, attributes in collector.spans if " /" in name}
    assert set(calls) == {"POST /upload", "GET /status/{request_id}"}
    assert calls["POST /upload"]["url.query"] == "…"
    assert calls["GET /status/{request_id}"]["http.response.status_code"] == 404
    assert b"5ec7e7" not in collector.raw


def test_traces_that_wait_are_sent_at_a_stop(tmp_path: Path, collector: TraceCollector) -> None:
    service = Served(
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.base_url,
        OTEL_BSP_SCHEDULE_DELAY="600000",
        OTEL_SERVICE_NAME="shop-pictures",
    )
    try:
        service.start()
        service.client.get("/requests")
        assert service.terminate() == 0
    finally:
        service.close()
    assert collector.services == {"shop-pictures"}
    assert "GET /requests" in {name for name, _ in collector.spans}


def test_a_collector_that_is_away_disturbs_nothing(
    tmp_path: Path, launcher: Launcher, collector: TraceCollector
) -> None:
    collector.stop()
    service = Served(
        tmp_path,
        launcher=launcher,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.base_url,
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    try:
        service.start()
        assert service.client.get("/requests").status_code == 200
        assert service.terminate() == 0
    finally:
        service.close()


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4318", ""])
def test_a_collector_without_the_packages_is_one_sentence(endpoint: str) -> None:
    program = (
        "import sys; sys.modules['opentelemetry.sdk'] = None;"
        "from app.main import create_app; create_app()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = "pip install 'fastapi[opentelemetry]'" in done.stdout + done.stderr
    assert said == bool(endpoint)
