"""The worker as a process of its own, on Redis."""

import os
import signal
from functools import lru_cache
from types import FrameType
from typing import Any

from celery import Celery, signals

from app.bootstrap import build_adapters, build_worker_context, serve_metrics
from app.config import settings
from app.logs import configure_logs
from app.tasks.registry import register_tasks
from app.worker.process.heartbeat import Heartbeat
from app.worker.process.runtime import Runtime


@lru_cache(maxsize=1)
def worker_app() -> Celery:
    """The Celery app of this process, with a runtime that lives as long as its worker.

    Raises:
        SettingsError: METRICS_PORT is taken.
    """
    configure_logs(settings())
    adapters = build_adapters(settings())
    stop_metrics = serve_metrics(adapters.metrics, settings())
    runtime = Runtime(build_worker_context(adapters), heartbeat=Heartbeat())
    celery = adapters.hints.celery
    register_tasks(celery, lambda: runtime)

    def start(**_: Any) -> None:
        runtime.start()

    def drain(**_: Any) -> None:
        # Celery itself takes a second SIGTERM for the first one said again.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop_at_once)
        runtime.drain()

    def stop(**_: Any) -> None:
        runtime.stop()
        adapters.database.close()
        stop_metrics()

    # Connected, it keeps Celery from putting its own log handlers in place of ours.
    signals.setup_logging.connect(lambda **_: None, weak=False)
    # Celery says when: the tasks only find an open runtime.
    signals.worker_init.connect(start, weak=False)
    signals.worker_shutting_down.connect(drain, weak=False)
    signals.worker_shutdown.connect(stop, weak=False)
    return celery


def _stop_at_once(number: int, _frame: FrameType | None) -> None:
    # Nothing is lost: leases bring back what was in flight.
    os._exit(128 + number)
