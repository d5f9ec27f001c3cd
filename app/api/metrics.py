"""Numbers for Prometheus: calls of this process, and the queue as the database knows it."""

from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from app.domain.errors import DatabaseUnavailable
from app.domain.statuses import RequestStatus

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})


class Metrics:
    """A registry of its own, so that two applications in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._calls = Counter(
            "http_requests_total",
            "Answered calls by method, route pattern and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the call to the end of its answer, in seconds.",
            ("method", "route"),
            registry=self.registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one call."""
        method = method if method in _METHODS else "other"
        self._calls.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def watch_queue(self, facts: Callable[[], dict[str, Any]]) -> None:
        """Ask `facts` (`services.health.queue_facts`) at every scrape."""
        self.registry.register(_QueueCollector(facts))

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _QueueCollector(Collector):
    def __init__(self, facts: Callable[[], dict[str, Any]]) -> None:
        self._facts = facts

    def describe(self) -> list[GaugeMetricFamily]:
        # Without this the registry would ask the database once more, just to learn the names.
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("database_up", "1 when the database answered this scrape.")
        try:
            facts = self._facts()
        except DatabaseUnavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        requests = GaugeMetricFamily(
            "processing_requests", "Requests by status.", labels=["status"]
        )
        for status in RequestStatus:
            requests.add_metric([status.value], facts["requests"].get(status.value, 0))
        yield requests
        yield GaugeMetricFamily(
            "images_waiting", "Images that wait for a worker.", value=facts["images_waiting"]
        )
        yield GaugeMetricFamily(
            "images_oldest_waiting_seconds",
            "How long the image at the head of the queue has been waiting, in seconds.",
            value=facts["oldest_waiting_seconds"],
        )
