"""The service that all rows run on: one API, Postgres, Redis and S3, and fresh workers a row."""

import itertools
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import Meter, settle, tree
from benchmarks.service import write_csv
from benchmarks.stacks import (
    Parts,
    Service,
    Worker,
    api_only,
    real_parts,
    seconds_between,
    worker,
)
from tests.parts.limited_host import LimitedHost
from tests.parts.process import REPOSITORY

# So many for each worker start its codecs and open its window of images in flight.
WARM_UP_IMAGES = 300
PAGE_IMAGES = 500
CANCEL_SECONDS = 120
HOSTS_ON_A_NET = 250

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Taken:
    """What became of one request.

    Attributes:
        ended: False where it was cancelled because its time was over; `wall_seconds` is then that.
        burnt: images that needed more than one attempt.
        cpu_seconds: of API and workers.
    """

    started_at: float
    ended: bool
    wall_seconds: float
    total: int
    completed: int
    errors: dict[str, int]
    burnt: int
    cpu_seconds: float

    @property
    def done(self) -> float:
        """The share of the images that have a result."""
        return self.completed / self.total

    @property
    def images_per_second(self) -> float:
        """Images with a result, over the whole time."""
        return self.completed / self.wall_seconds

    @property
    def cpu_ms(self) -> float:
        """CPU time of API and workers for each image."""
        return 1000 * self.cpu_seconds / self.total


@dataclass(frozen=True)
class Stand:
    """A running API with everything around it but workers, which come for one request each."""

    parts: Parts
    api: Service
    folder: Path
    code: Path
    _warm_host: LimitedHost

    def take(
        self,
        urls: Sequence[str],
        *,
        workers: int,
        limit_seconds: float,
        environment: Mapping[str, str] | None = None,
    ) -> Taken:
        """Take one request through fresh workers.

        Args:
            urls: its images.
            limit_seconds: it is cancelled after so long.
            environment: settings of these workers.
        """
        table = write_csv(self.folder / "products.csv", urls)
        settings = {**self.parts.environment, **(environment or {})}
        with _workers(workers, settings, self.code) as fresh:
            pids = [self.api.pid, *(one.pid for one in fresh)]
            self._warm_up([one.pid for one in fresh])
            settle([*pids, *(pid for roots in self.parts.roots.values() for pid in roots)])
            with Meter(pids, memory=False) as meter:
                started = time.time()
                request_id = self.api.upload(table)["request_id"]
                ended, status = self._status_at_end(request_id, limit_seconds)
            wall = seconds_between(started, status["finished_at"]) if ended else limit_seconds
            burnt = sum(image["attempts"] > 1 for image in self._images(request_id))
            self._delete(status)
        return Taken(
            started,
            ended,
            wall,
            status["images"]["total"],
            status["images"]["completed"],
            status["errors"],
            burnt,
            meter.cpu_seconds,
        )

    def _warm_up(self, workers: Sequence[int]) -> None:
        """Requests until each worker has had pictures: its codec children start with the first."""
        while True:
            urls = self._warm_up_urls(len(workers))
            table = write_csv(self.folder / "warm-up.csv", urls)
            self._delete(self.api.finished(self.api.upload(table)["request_id"]))
            if all(len(tree([worker])) > 1 for worker in workers):
                return

    def _warm_up_urls(self, workers: int) -> list[str]:
        # Other paths each time: the service would take over what it knows.
        number = next(_numbers)
        count = workers * WARM_UP_IMAGES
        return [self._warm_host.url(f"/{number}/{image}.jpg") for image in range(count)]

    def _status_at_end(self, request_id: str, limit_seconds: float) -> tuple[bool, dict[str, Any]]:
        try:
            return True, self.api.finished(request_id, limit_seconds=limit_seconds)
        except TimeoutError:
            self.api.client.post(f"/requests/{request_id}/cancel").raise_for_status()
            return False, self.api.finished(request_id, limit_seconds=CANCEL_SECONDS)

    def _images(self, request_id: str) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            page = self.api.client.get(
                f"/requests/{request_id}/images",
                params={"limit": PAGE_IMAGES} | ({"cursor": cursor} if cursor else {}),
            )
            document = page.raise_for_status().json()
            yield from document["items"]
            cursor = document["next_cursor"]
            if cursor is None:
                return

    def _delete(self, status: dict[str, Any]) -> None:
        self.api.client.delete(f"/requests/{status['request_id']}").raise_for_status()


@contextmanager
def stand(*, code: Path = REPOSITORY) -> Iterator[Stand]:
    """Start it, on servers of its own.

    Args:
        code: the checkout whose service it is.
    """
    with ExitStack() as stack:
        parts = stack.enter_context(real_parts())
        api = stack.enter_context(api_only(parts.environment, code=code))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-")))
        warm_host = stack.enter_context(LimitedHost(address=new_address()))
        yield Stand(parts, api, folder, code, warm_host)


def new_address() -> str:
    """A loopback address that no host has had yet: nothing is known of it."""
    net, number = divmod(next(_numbers), HOSTS_ON_A_NET)
    return f"127.0.{net + 1}.{number + 1}"


def urls_of(host: LimitedHost, count: int) -> list[str]:
    """So many addresses of pictures on this host."""
    return [host.url(f"/p/{number}.jpg") for number in range(count)]


@contextmanager
def _workers(count: int, environment: Mapping[str, str], code: Path) -> Iterator[list[Worker]]:
    # At the same time: a start is seconds of imports.
    coming = [worker(environment, code=code) for _ in range(count)]
    with ThreadPoolExecutor(count) as starters, ExitStack() as stack:
        started = [starters.submit(one.__enter__) for one in coming]
        for one, start in zip(coming, started, strict=True):
            stack.callback(_leave, one, start)
        yield [start.result() for start in started]


def _leave(one: AbstractContextManager[Worker], start: "Future[Worker]") -> None:
    # Those that did start are ended, although another one may have failed.
    if start.exception() is None:
        one.__exit__(None, None, None)
