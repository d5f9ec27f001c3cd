"""What Prometheus reads."""

import re
import time
from pathlib import Path

from app.domain.errors import IMAGE_ERROR_CODES, DatabaseUnavailable
from app.metrics.registry import Metrics
from app.metrics.state import WorkerState
from tests.unit.metrics.parts import families, full_metrics


def samples(metrics: Metrics, name: str) -> dict[str, float]:
    """The values of all series of this name, by what their labels say."""
    return {
        " ".join(filter(None, sample.labels.values())): sample.value
        for family in families(metrics).values()
        for sample in family.samples
        if sample.name == name
    }


def test_calls_are_counted_by_method_route_and_status() -> None:
    metrics = Metrics()
    metrics.calls.count("GET", "/status/{request_id}", 200, 0.01)
    metrics.calls.count("GET", "/status/{request_id}", 200, 0.02)
    metrics.calls.count("MADE-UP", "(none)", 404, 0.01)
    text = metrics.exposition().decode()
    line = 'http_requests_total{method="GET",route="/status/{request_id}",status="200"} 2.0'
    assert line in text
    assert 'method="other"' in text
    assert "MADE-UP" not in text
    assert "http_request_duration_seconds_sum" in text


def test_two_registries_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.calls.count("GET", "/healthz", 200, 0.01)
    assert 'route="/healthz"' not in other.exposition().decode()


def test_the_queue_is_read_at_every_scrape() -> None:
    metrics = Metrics()
    waiting = iter([7, 3])
    metrics.watch_queue(
        lambda: {
            "requests": {"processing": 2},
            "images_waiting": next(waiting),
            "oldest_waiting_seconds": 1.5,
            "orphan_sweep_blocked": True,
            "webhooks_pending": 12,
            "receivers_paused": 1,
        }
    )
    first, second = metrics.exposition().decode(), metrics.exposition().decode()
    assert "images_waiting 7.0" in first
    assert "images_waiting 3.0" in second
    assert 'processing_requests{status="processing"} 2.0' in first
    assert 'processing_requests{status="failed"} 0.0' in first
    assert "images_oldest_waiting_seconds 1.5" in first
    assert "orphan_sweep_blocked 1.0" in first
    assert "webhook_deliveries_pending 12.0" in first
    assert "webhook_receivers_paused 1.0" in first
    assert "database_up 1.0" in first


def test_a_database_that_is_away_is_a_number_and_not_a_failed_scrape() -> None:
    def away() -> dict[str, object]:
        raise DatabaseUnavailable("gone")

    metrics = Metrics()
    metrics.watch_queue(away)
    text = metrics.exposition().decode()
    assert "database_up 0.0" in text
    assert "images_waiting" not in text


def test_every_outcome_is_there_with_0_before_the_first_image() -> None:
    metrics = Metrics()
    expected = {f"{code} failed" for code in IMAGE_ERROR_CODES}
    expected |= {"completed", "kept", "reused", "checked"}
    before = samples(metrics, "images_finished_total")
    assert set(before) == expected
    assert set(before.values()) == {0.0}
    assert set(samples(metrics, "image_attempts_retried_total")) == set(IMAGE_ERROR_CODES)
    assert set(samples(metrics, "webhook_attempts_total")) == {"delivered", "retried", "failed"}


def test_a_reused_image_moves_no_bytes() -> None:
    metrics = Metrics()
    metrics.work.image_done("completed", input_bytes=100, output_bytes=40)
    metrics.work.image_done("reused", input_bytes=0, output_bytes=0)
    assert samples(metrics, "images_finished_total")["reused"] == 1
    assert samples(metrics, "image_input_bytes_total") == {"": 100}
    assert samples(metrics, "image_output_bytes_total") == {"": 40}


def test_a_sweep_tells_when_it_was() -> None:
    metrics = Metrics()
    assert samples(metrics, "sweep_last_success_timestamp_seconds") == {"": 0}
    metrics.work.sweep_not_done("postponed")
    assert samples(metrics, "sweep_last_success_timestamp_seconds") == {"": 0}
    metrics.work.sweep_done(0.2)
    (at,) = samples(metrics, "sweep_last_success_timestamp_seconds").values()
    assert abs(at - time.time()) < 5
    assert samples(metrics, "sweep_rounds_total")["postponed"] == 1


def test_the_last_worker_of_a_process_is_the_one_that_is_shown(tmp_path: Path) -> None:
    metrics = full_metrics(tmp_path)
    metrics.watch_worker(lambda: WorkerState(8, 3, 20, 24, 7, {"held": 2}, 1, 2, 0, 5, 1, 9))
    assert samples(metrics, "worker_turns") == {"": 3}
    assert samples(metrics, "worker_images_storing") == {"": 7}
    assert samples(metrics, "worker_hosts") == {"held": 2}
    assert samples(metrics, "worker_deliveries") == {"": 9}
    assert samples(metrics, "codec_children_replaced_total") == {"": 1}


def test_a_folder_that_is_not_there_has_no_disk_yet(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.watch_disk({"data": tmp_path / "later", "temporary": tmp_path})
    assert set(samples(metrics, "disk_free_bytes")) == {"temporary"}
    free, size = (samples(metrics, f"disk_{what}_bytes") for what in ("free", "size"))
    assert 0 < free["temporary"] <= size["temporary"]


def test_names_follow_prometheus_conventions(tmp_path: Path) -> None:
    for family in families(full_metrics(tmp_path)).values():
        assert family.documentation, family.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert not re.search(r"(milliseconds|_ms|_mb|_kb|_count)$", family.name)
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
        if family.type == "counter":
            assert all(s.name.endswith(("_total", "_created")) for s in family.samples)


def test_counting_an_image_costs_less_than_two_hundredths_of_a_millisecond() -> None:
    work = Metrics().work
    rounds = []
    for _ in range(5):
        began = time.thread_time()
        for _ in range(1_000):
            with work.fetch_seconds.time():
                pass
            work.codec_seconds.observe(0.006)
            with work.store_seconds.time():
                pass
            work.image_done("completed", input_bytes=200_000, output_bytes=80_000)
        rounds.append(time.thread_time() - began)
    assert min(rounds) < 0.020
