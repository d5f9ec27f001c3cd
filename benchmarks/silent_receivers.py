"""Webhooks to receivers that say nothing: what they cost a good request and its webhook."""

import itertools
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.adapters import Adapters
from app.bootstrap import build_adapters
from app.config import Settings
from app.db.requests import remove
from benchmarks.figures import print_table, progress
from benchmarks.service import write_csv
from benchmarks.stacks import Service, api_only, real_parts, seconds_between, service, worker
from tests.factories import make_jpeg
from tests.integration.outbox import add_due
from tests.parts.image_host import ImageHost
from tests.parts.webhook_receiver import WebhookReceiver

WARM_UP_REQUESTS = 3
WEBHOOK_LIMIT_SECONDS = 60
# The first of the dead ones have their places by then.
SETTLE_SECONDS = 3.0
_numbers = itertools.count()
_addresses = itertools.count()


@dataclass(frozen=True)
class Good:
    """One request of one picture: seconds from the upload to its end, and to its webhook."""

    ended: float
    told: float


@dataclass(frozen=True)
class Bed:
    """A running service with all that a good request needs, and a port that says nothing."""

    api: Service
    adapters: Adapters
    host: ImageHost
    receiver: WebhookReceiver
    silent_port: int
    folder: Path

    def take(self, requests: int) -> list[Good]:
        """Good requests, one after the other."""
        return [self._take_one() for _ in range(requests)]

    def take_beside(self, requests: int, *, dead: int, receivers: int) -> list[Good]:
        """The same beside dead webhooks, one to each receiver at least, which then go."""
        added = [
            add_due(
                self.adapters, f"http://{_address()}:{self.silent_port}/", max(dead // receivers, 1)
            )
            for _ in range(receivers)
        ]
        time.sleep(SETTLE_SECONDS)
        taken = self.take(requests)
        with self.adapters.database.transaction() as connection:
            for request_id in added:
                remove(connection, request_id)
        return taken

    def _take_one(self) -> Good:
        number = next(_numbers)
        url = self.host.add(f"{number}.jpg", make_jpeg(64, 48, seed=number))
        before = len(self.receiver.received)
        started, clock = time.time(), time.monotonic()
        table = write_csv(self.folder / "products.csv", [url])
        request_id = self.api.upload(table, webhook_url=self.receiver.url)["request_id"]
        told = self.receiver.wait_for(before + 1, timeout_seconds=WEBHOOK_LIMIT_SECONDS)[-1]
        status = self.api.finished(request_id)
        return Good(seconds_between(started, status["finished_at"]), told.at - clock)


def compare_silent_receivers(*, requests: int, dead: int, receivers: list[int]) -> None:
    """Take good requests through both stacks alone and beside dead webhooks; prints a table."""
    rows = []
    for embedded, name in ((True, "SQLite, one process"), (False, "Postgres, Redis, S3, a worker")):
        with _bed(embedded=embedded) as bed:
            bed.take(WARM_UP_REQUESTS)
            progress(f"{name}: alone")
            rows.append([name, "none", *_figures(bed.take(requests))])
            for count in receivers:
                progress(f"{name}: {dead} dead webhooks to {count}")
                beside = bed.take_beside(requests, dead=dead, receivers=count)
                rows.append([name, f"{dead:,} to {count:,} receivers", *_figures(beside)])
    header = ["stack", "dead webhooks", "a good request, s: median", "p99", "longest"]
    print_table([*header, "its webhook, s: median", "p99", "longest"], rows)


@contextmanager
def _bed(*, embedded: bool) -> Iterator[Bed]:
    with ExitStack() as stack:
        environment = {} if embedded else stack.enter_context(real_parts()).environment
        api = stack.enter_context((service if embedded else api_only)(environment))
        if not embedded:
            stack.enter_context(worker(environment))
        values = {name.lower(): value for name, value in environment.items()}
        settings = Settings.model_validate({"data_dir": api.data_dir, **values})
        adapters = build_adapters(settings)
        stack.callback(adapters.database.close)
        yield Bed(
            api,
            adapters,
            stack.enter_context(ImageHost()),
            stack.enter_context(WebhookReceiver()),
            stack.enter_context(_silence()),
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-"))),
        )


def _address() -> str:
    """A loopback address that nothing has been sent to."""
    net, number = divmod(next(_addresses), 250)
    return f"127.9.{net}.{number + 1}"


@contextmanager
def _silence() -> Iterator[int]:
    """A port on every loopback address that takes connections and says nothing."""
    with socket.create_server(("", 0), backlog=1_024) as listener:
        taken = []

        def take() -> None:
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in taken:
                connection.close()


def _figures(taken: list[Good]) -> list[str]:
    return [*_spread([one.ended for one in taken]), *_spread([one.told for one in taken])]


def _spread(seconds: list[float]) -> list[str]:
    ordered = sorted(seconds)
    p99 = ordered[round(0.99 * (len(ordered) - 1))]
    return [f"{value:.2f}" for value in (statistics.median(ordered), p99, ordered[-1])]
