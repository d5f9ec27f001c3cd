"""What a worker counts and says while it works."""

import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.adapters import now
from app.bootstrap import serve_metrics
from app.config import Settings, SettingsError
from app.db import queue
from app.intake.ingest import ingest
from app.metrics.registry import Metrics
from app.upkeep.sweep import sweep
from tests.factories import make_jpeg
from tests.integration.bench import Bench, bench
from tests.parts.image_host import ImageHost
from tests.parts.process import free_port
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver


def values(text: str) -> dict[str, float]:
    """Every sample by its name and what its labels say."""
    return {
        " ".join([sample.name, *filter(None, sample.labels.values())]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted(service: Bench) -> dict[str, float]:
    return values(service.adapters.metrics.exposition().decode())


def test_a_mixed_request_is_counted_image_by_image(
    service: Bench, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    good = [image_host.add(f"{n}.jpg", make_jpeg(160, 120, seed=n)) for n in range(3)]
    dead = f"http://127.0.0.1:{free_port()}/dead.jpg"
    request_id = service.upload_urls(
        good, [image_host.url("missing.jpg")], [dead], webhook_url=webhook_receiver.url
    )
    status = service.ended(request_id)
    until(lambda: counted(service)["webhook_attempts_total delivered"] == 1)
    found = counted(service)

    assert found["processing_requests_accepted_total"] == 1
    assert found["processing_requests_ended_total completed"] == 1
    assert found["images_finished_total completed"] == 3
    assert found["images_finished_total http_status failed"] == 1
    assert found["images_finished_total connect_failed failed"] == 1
    assert found["image_attempts_retried_total connect_failed"] == 1
    assert found["image_input_bytes_total"] == status["bytes"]["input"]
    assert found["image_output_bytes_total"] == status["bytes"]["output"]
    # Three good ones, one 404, and two attempts at the host that is not there.
    assert found["image_fetch_duration_seconds_count"] == 6
    assert found["image_codec_duration_seconds_count"] == 3
    assert found["image_store_duration_seconds_count"] == 3
    assert found["image_codec_duration_seconds_sum"] > 0
    assert found["sweep_rounds_total done"] >= 1
    assert time.time() - found["sweep_last_success_timestamp_seconds"] < 20
    assert found["worker_lanes"] == service.runtime.context.lanes
    until(lambda: counted(service)["worker_turns"] == 0)
    assert counted(service)["worker_images"] == 0
    assert found["codec_children"] == 1
    assert found["codec_children_replaced_total"] == 0


def test_images_taken_back_from_a_silent_worker_are_counted(tmp_path: Path) -> None:
    # The first sweep's lease has to outlast it, however slow the machine is.
    with bench(working=False, data_dir=tmp_path, sweep_seconds=30) as service:
        request_id = service.upload_urls(["http://127.0.0.1/1.jpg", "http://127.0.0.1/2.jpg"])
        ingest(service.adapters, request_id, stopping=lambda: False)
        over = now() - timedelta(seconds=1)
        with service.adapters.database.transaction() as connection:
            assert (
                len(queue.claim(connection, request_id, limit=9, now=now(), lease_until=over)) == 2
            )
        assert sweep(service.adapters, holder="one")
        assert not sweep(service.adapters, holder="another")
        assert counted(service)["leases_returned_total"] == 2


def test_a_worker_answers_on_a_port_of_its_own(local: Bench) -> None:
    port = free_port()
    settings = Settings(_env_file=None, metrics_port=port)
    stop = serve_metrics(local.adapters.metrics, settings)
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert values(answer.text)["codec_children"] == 1
        with pytest.raises(SettingsError, match=f"METRICS_PORT.*127.0.0.1:{port}"):
            serve_metrics(Metrics(), settings)
    finally:
        stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")
