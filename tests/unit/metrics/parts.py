"""A registry with everything that any process shows."""

from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.metrics.registry import Metrics
from app.metrics.state import WorkerState

IDLE = WorkerState(
    lanes=8,
    turns=0,
    images=0,
    window=16,
    storing=0,
    hosts={"free": 0, "limited": 0, "held": 0},
    held_bytes=0,
    codec_children=2,
    codec_idle=2,
    codec_waiting=0,
    codec_replaced=0,
    deliveries=0,
)


def full_metrics(folder: Path) -> Metrics:
    """Of an API and a worker together, with one call counted."""
    metrics = Metrics()
    metrics.watch_queue(
        lambda: {
            "requests": {},
            "images_waiting": 0,
            "oldest_waiting_seconds": 0.0,
            "orphan_sweep_blocked": False,
            "webhooks_pending": 0,
            "receivers_paused": 0,
        }
    )
    metrics.watch_worker(lambda: IDLE)
    metrics.watch_disk({"data": folder})
    metrics.calls.count("GET", "/healthz", 200, 0.01)
    return metrics


def families(metrics: Metrics) -> dict[str, Metric]:
    """What Prometheus makes of the exposition."""
    text = metrics.exposition().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}
