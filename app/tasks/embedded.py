"""The worker inside the API's process: the same tasks on Celery's in-process transport."""

import threading
from typing import Any

from celery.app import trace
from celery.worker import WorkController

from app.adapters import Adapters
from app.bootstrap import build_worker_context
from app.tasks.registry import register_tasks
from app.worker.process.runtime import Runtime

# A thread only waits for the loop; a lane and an ingest for each request that is worked on.
THREADS_PER_LANE = 2
READY_POLL_SECONDS = 0.1


class EmbeddedWorker:
    """Starts and stops a complete worker in threads of this process."""

    def __init__(self, adapters: Adapters) -> None:
        self.runtime = Runtime(build_worker_context(adapters))
        self._celery = adapters.hints.celery
        register_tasks(self._celery, lambda: self.runtime)
        self._worker: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start working; returns when tasks are taken.

        Raises:
            RuntimeError: Celery ended instead; its log says why.
        """
        self.runtime.start()
        ready = threading.Event()
        self._worker = WorkController(
            app=self._celery,
            pool="threads",
            concurrency=self.runtime.context.lanes * THREADS_PER_LANE,
            ready_callback=lambda _consumer: ready.set(),
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        # What Celery's own command line does at this point: pool threads look the tasks up here.
        trace.setup_worker_optimizations(self._celery, self._worker.hostname)
        self._thread = threading.Thread(target=self._worker.start, name="celery", daemon=True)
        self._thread.start()
        while not ready.wait(READY_POLL_SECONDS):
            if not self._thread.is_alive():
                raise RuntimeError("the embedded worker did not start")

    def stop(self) -> None:
        """Drain within the grace and leave nothing behind."""
        self.runtime.drain()
        if self._worker is not None:
            self._worker.stop()
        if self._thread is not None:
            self._thread.join()
        self.runtime.stop()
