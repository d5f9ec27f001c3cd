"""What is the case now, asked for at every scrape and not before."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.domain.errors import DatabaseUnavailable
from app.domain.statuses import RequestStatus


class _AtScrape(Collector):
    def describe(self) -> list[Metric]:
        # Without this the registry would collect once at registration, just to learn the names.
        return []


class QueueCollector(_AtScrape):
    """Requests and waiting images as the database has them: the same in every process."""

    def __init__(self, facts: Callable[[], dict[str, Any]]) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        """Ask the database; one that is away is a number and not a failed scrape."""
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
            "How long ago the oldest request was made that still has images to do, in seconds.",
            value=facts["oldest_waiting_seconds"],
        )
        yield GaugeMetricFamily(
            "orphan_sweep_blocked",
            "1 while orphans are left in the store, as it may not be this database's own.",
            value=facts["orphan_sweep_blocked"],
        )
        yield GaugeMetricFamily(
            "webhook_deliveries_pending",
            "Webhooks that no receiver has taken yet, due now or later.",
            value=facts["webhooks_pending"],
        )
        yield GaugeMetricFamily(
            "webhook_receivers_paused",
            "Receivers of webhooks that are left alone for a while, as they did not answer.",
            value=facts["receivers_paused"],
        )


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker process at one moment.

    Attributes:
        lanes: requests that it works on side by side at most.
        turns: requests that it works on now.
        images: images in flight.
        window: how many may be at present.
        storing: pictures on their way to the store, which have left that window.
        hosts: image hosts in use by what they may be asked: `free`, `limited`, `held`.
        held_bytes: downloaded bytes that wait for a codec or the store.
        codec_children: processes that decode and encode.
        codec_idle: of them, those without a picture.
        codec_waiting: pictures that wait for one.
        codec_replaced: children that had to be started again, since the start.
        deliveries: webhooks on their way.
    """

    lanes: int
    turns: int
    images: int
    window: int
    storing: int
    hosts: Mapping[str, int]
    held_bytes: int
    codec_children: int
    codec_idle: int
    codec_waiting: int
    codec_replaced: int
    deliveries: int


class WorkerCollector(_AtScrape):
    """What the worker of this process has in its hands."""

    def __init__(self, state: Callable[[], WorkerState]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """Look at the worker."""
        state = self._state()
        for name, meaning, value in (
            ("worker_lanes", "Requests that this worker does side by side at most.", state.lanes),
            ("worker_turns", "Requests that this worker is at.", state.turns),
            ("worker_images", "Images in flight.", state.images),
            ("worker_images_window", "Images that may be in flight at present.", state.window),
            ("worker_images_storing", "Pictures on their way to the store.", state.storing),
            ("worker_held_bytes", "Downloaded bytes held in memory.", state.held_bytes),
            ("codec_children", "Processes that decode and encode.", state.codec_children),
            ("codec_children_idle", "Codec children without a picture.", state.codec_idle),
            ("codec_pictures_waiting", "Pictures that wait for a child.", state.codec_waiting),
            ("worker_deliveries", "Webhooks on their way to a receiver.", state.deliveries),
        ):
            yield GaugeMetricFamily(name, meaning, value=value)
        hosts = GaugeMetricFamily(
            "worker_hosts",
            "Image hosts in use: no limit in sight, limited, or held until a moment to come.",
            labels=["state"],
        )
        for name, count in state.hosts.items():
            hosts.add_metric([name], count)
        yield hosts
        yield CounterMetricFamily(
            "codec_children_replaced",
            "Codec children that were started again after one ended.",
            value=state.codec_replaced,
        )


class DiskCollector(_AtScrape):
    """Room on the disks that this process writes to."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders

    def collect(self) -> Iterator[Metric]:
        """Ask the file systems; a folder that is not there yet has no figures."""
        free = GaugeMetricFamily(
            "disk_free_bytes", "Bytes that may still be written.", labels=["folder"]
        )
        size = GaugeMetricFamily("disk_size_bytes", "Size of the disk.", labels=["folder"])
        for name, folder in self._folders.items():
            try:
                usage = shutil.disk_usage(folder)
            except FileNotFoundError:
                continue
            free.add_metric([name], usage.free)
            size.add_metric([name], usage.total)
        yield free
        yield size
