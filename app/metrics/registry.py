"""All numbers of one process, and how they are handed out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from app.metrics.calls import CallMetrics
from app.metrics.state import DiskCollector, QueueCollector, WorkerCollector, WorkerState
from app.metrics.work import WorkMetrics

# One more series for each counter, that nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations

CONTENT_TYPE = "text/plain; version=0.0.4"


class Metrics:
    """A registry of its own, so that two applications in one process do not share counts.

    Attributes:
        calls: the API's answered calls.
        work: what workers did, and what became of requests and webhooks.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.calls = CallMetrics(self.registry)
        self.work = WorkMetrics(self.registry)
        self._watched: dict[str, Collector] = {}

    def watch_queue(self, facts: Callable[[], dict[str, Any]]) -> None:
        """Ask `facts` (`upkeep.health.queue_facts`) at every scrape."""
        self._watch("queue", QueueCollector(facts))

    def watch_worker(self, state: Callable[[], WorkerState]) -> None:
        """Ask for the state of this process's worker at every scrape; the last function wins."""
        self._watch("worker", WorkerCollector(state))

    def watch_disk(self, folders: Mapping[str, Path]) -> None:
        """Look at every scrape how full the disks of these folders are; name -> folder."""
        self._watch("disk", DiskCollector(folders))

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Answer /metrics on a port of its own, from a thread; returns what ends it.

        Raises:
            OSError: the address cannot be listened on.
        """
        server, thread = start_http_server(port, host, self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    def _watch(self, name: str, collector: Collector) -> None:
        former = self._watched.pop(name, None)
        if former is not None:
            self.registry.unregister(former)
        self.registry.register(collector)
        self._watched[name] = collector
