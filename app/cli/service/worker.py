"""`python -m app worker`: a worker process on the configured broker."""

import os
import signal
import sys
import threading
import warnings
from typing import Any

from celery.platforms import SecurityWarning

from app.bootstrap import LANES, build_adapters, prepare
from app.cli.console.failures import explain
from app.config import settings
from app.logs import configure_logs
from app.tasks.embedded import THREADS_PER_LANE
from app.tasks.worker import worker_app
from app.worker.process.event_loop import as_batch_work


def worker(*, until_stdin_closes: bool = False) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code.

    Args:
        until_stdin_closes: also stop when standard input ends: the process that started this one
            holds its other side, so the worker does not outlive it, however it died.
    Raises:
        SettingsError, DatabaseUnavailable, StoreError: it cannot start; the message says why.
    """
    # Before there is any other thread: obstore's are to wait their turn as well.
    as_batch_work()
    configure_logs(settings())
    if settings().redis_url is None:
        print(
            "The setting REDIS_URL is not set: without a broker the worker runs inside the API "
            "(python -m app serve). Set it, or start that.",
            file=sys.stderr,
        )
        return 2
    adapters = build_adapters(settings())
    prepare(adapters)
    adapters.database.close()
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_stdin, daemon=True).start()
    # It warns root of pickled messages; this app takes JSON only.
    warnings.simplefilter("ignore", SecurityWarning)
    celery_worker: Any = worker_app().Worker(
        pool="threads",
        concurrency=LANES * THREADS_PER_LANE,
        quiet=True,
        # Each of them is a message to Redis, which nothing but Flower reads.
        task_events=settings().celery_events,
        without_heartbeat=not settings().celery_events,
        without_mingle=True,
        without_gossip=True,
    )
    celery_worker.start()
    return int(celery_worker.exitcode or 0)


def worker_of_service() -> int:
    """Run as the child of `serve`, which starts it again; returns the exit code.

    Until a service that is away is back, each try says one sentence.
    """
    try:
        return worker(until_stdin_closes=True)
    except Exception as error:
        code = explain(error)
        if code is None:
            raise
        return code


def _stop_at_end_of_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
