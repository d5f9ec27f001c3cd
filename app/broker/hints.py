"""The Celery app and the one way to send a message."""

import queue
import threading
import uuid

import structlog
from celery import Celery

from app.domain.tasks import Task

log = structlog.get_logger(__name__)

QUEUE = "image-processing"
CONNECT_TIMEOUT_SECONDS = 1.0
# For a broker that keeps the connection open and is silent. Workers ask it every second, so this is
# long enough for them as well.
ANSWER_TIMEOUT_SECONDS = 3
# Hints that may wait for a broker that is slow; more are not worth keeping.
WAITING_MAX = 1_000


class Hints:
    """Sends hints, each a task and an id; a broker that is away is logged and otherwise ignored.

    To Redis they go out from a thread: a broker that does not answer must not hold up an upload, or
    an ingest until its lease is over.

    Args:
        redis_url: the broker, or None for a queue inside this process.
    """

    def __init__(self, redis_url: str | None) -> None:
        self.embedded = redis_url is None
        self._waiting: queue.Queue[tuple[Task, tuple[str, ...], int]] = queue.Queue(WAITING_MAX)
        self._sender: threading.Thread | None = None
        self._lock = threading.Lock()
        # The in-process transport is one for the whole process: a queue of its own for each
        # instance keeps two services in one process (tests, `process`) apart.
        self.queue = f"{QUEUE}-{uuid.uuid4().hex}" if self.embedded else QUEUE
        self.celery = Celery(
            "image-processing", broker=redis_url or "memory://localhost/", set_as_current=False
        )
        self.celery.conf.update(
            task_default_queue=self.queue,
            task_ignore_result=True,
            # A result backend, acknowledgement after the work, and remote control would all make
            # the broker hold state; the database holds it.
            task_acks_late=False,
            worker_enable_remote_control=False,
            worker_send_task_events=False,
            worker_hijack_root_logger=False,
            worker_redirect_stdouts=False,
            worker_prefetch_multiplier=1,
            worker_pool="threads",
            worker_cancel_long_running_tasks_on_connection_loss=False,
            broker_connection_retry_on_startup=True,
            broker_connection_max_retries=None,
            broker_connection_timeout=CONNECT_TIMEOUT_SECONDS,
            task_publish_retry=False,
            broker_transport_options=(
                {"polling_interval": 0.05}
                if self.embedded
                else {
                    "socket_connect_timeout": CONNECT_TIMEOUT_SECONDS,
                    "socket_timeout": ANSWER_TIMEOUT_SECONDS,
                    "socket_keepalive": True,
                    "health_check_interval": 10,
                }
            ),
        )

    def send(self, task: Task, *ids: str, times: int = 1) -> None:
        """Tell the workers, now or in a moment, that there may be something to do.

        Never raises when the broker fails: the sweep finds work whose hint was lost.
        """
        if self.embedded:
            self._publish(task, ids, times)
            return
        with self._lock:
            if self._sender is None:
                # A daemon: what it has not sent when the process ends is found by the sweep.
                self._sender = threading.Thread(
                    target=self._send_for_ever, name="hints", daemon=True
                )
                self._sender.start()
        try:
            self._waiting.put_nowait((task, ids, times))
        except queue.Full:
            log.warning("hint_not_sent", task=task, ids=ids, error="too many are waiting")

    def _send_for_ever(self) -> None:
        while True:
            self._publish(*self._waiting.get())

    def _publish(self, task: Task, ids: tuple[str, ...], times: int) -> None:
        for _ in range(times):
            try:
                self.celery.send_task(task.value, args=ids, queue=self.queue)
            except Exception as error:
                # Each transport has its own family of errors, and none of them may fail an upload.
                log.warning("hint_not_sent", task=task, ids=ids, error=repr(error))
                return

    def reachable(self) -> bool:
        """True when the broker answers now; always for the one inside this process."""
        if self.embedded:
            return True
        try:
            with self.celery.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT_SECONDS)
        except Exception as error:
            log.warning("broker_unreachable", error=repr(error))
            return False
        return True
