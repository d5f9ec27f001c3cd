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


@dataclass(frozen=True)
class Good:
    """One request of one picture: seconds from the upload to its end, and to its webhook."""

    ended: float
    told: float


def compare_silent_receivers(*, requests: int, dead: int, receivers: list[int]) -> None:
    """Take good requests through both stacks alone and beside dead webhooks; prints a table."""
    rows = []
    for name in ("SQLite, one process", "Postgres, Redis, S3, a worker"):
        for spread_over in (0, *receivers):
            progress(f"{name}: {dead if spread_over else 0} dead webhooks, {spread_over} receivers")
            taken = _measure(name.startswith("SQLite"), requests, dead, spread_over)
            rows.append(
                [
                    name,
                    f"{dead:,} to {spread_over:,} receivers" if spread_over else "none",
                    *_figures([one.ended for one in taken]),
                    *_figures([one.told for one in taken]),
                ]
            )
    header = ["stack", "dead webhooks", "a good request, s: median", "p99", "longest"]
    print_table([*header, "its webhook, s: median", "p99", "longest"], rows)


def _measure(embedded: bool, requests: int, dead: int, receivers: int) -> list[Good]:
    with ExitStack() as stack:
        if embedded:
            api = stack.enter_context(service({}))
            settings = Settings(_env_file=None, data_dir=api.data_dir)
        else:
            environment = stack.enter_context(real_parts()).environment
            api = stack.enter_context(api_only(environment))
            stack.enter_context(worker(environment))
            values = {key.lower(): value for key, value in environment.items()}
            settings = Settings(_env_file=None, data_dir=api.data_dir, **values)  # type: ignore[arg-type]
        adapters = build_adapters(settings)
        stack.callback(adapters.database.close)
        port = stack.enter_context(_silence())
        host, receiver = stack.enter_context(ImageHost()), stack.enter_context(WebhookReceiver())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ips-benchmark-")))
        for _ in range(WARM_UP_REQUESTS):
            _take(api, host, receiver, folder)
        if receivers:
            _add_dead(adapters, port, dead, receivers)
            time.sleep(SETTLE_SECONDS)
        return [_take(api, host, receiver, folder) for _ in range(requests)]


def _take(api: Service, host: ImageHost, receiver: WebhookReceiver, folder: Path) -> Good:
    number = next(_numbers)
    url = host.add(f"{number}.jpg", make_jpeg(64, 48, seed=number))
    before = len(receiver.received)
    started, clock = time.time(), time.monotonic()
    table = write_csv(folder / "products.csv", [url])
    request_id = api.upload(table, webhook_url=receiver.url)["request_id"]
    told = receiver.wait_for(before + 1, timeout_seconds=WEBHOOK_LIMIT_SECONDS)[-1]
    status = api.finished(request_id)
    return Good(seconds_between(started, status["finished_at"]), told.at - clock)


def _add_dead(adapters: Adapters, port: int, dead: int, receivers: int) -> None:
    for number in range(receivers):
        host = f"127.9.{number // 250}.{number % 250 + 1}"
        add_due(adapters, f"http://{host}:{port}/hook", dead // receivers)


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


def _figures(seconds: list[float]) -> list[str]:
    ordered = sorted(seconds)
    p99 = ordered[round(0.99 * (len(ordered) - 1))]
    return [f"{value:.2f}" for value in (statistics.median(ordered), p99, ordered[-1])]
