"""What runs inside a worker process: one event loop for all I/O, the codecs, and the sweep."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import structlog

from app.domain.errors import DatabaseUnavailable
from app.domain.retry import STANDING
from app.domain.tasks import Task
from app.ending.receivers import receiver_for
from app.intake.ingest import ingest
from app.retrying import keep_trying
from app.upkeep.delete import purge
from app.upkeep.sweep import open_work, sweep
from app.worker.context import WorkerContext
from app.worker.process.deliveries import Deliveries
from app.worker.process.event_loop import as_batch_work, gathering_loop
from app.worker.process.heartbeat import Heartbeat
from app.worker.turn import take_turn

log = structlog.get_logger(__name__)

# For database calls, files and ingests that the sweep found. asyncio's own number, cores + 4, is so
# small that a few long ingests would keep every turn from renewing its leases.
THREADS = 32
# Beyond the grace: time to record, give back and close.
CLOSING_SECONDS = 15.0
# For the last words about hosts; without them the next worker only begins more slowly.
TELL_SECONDS = 2.0


class _OnLoop(NamedTuple):
    """The code of a task that waits most of its time, as a coroutine of the worker's loop."""

    work: Callable[[str], Coroutine[Any, Any, None]]


class _InThread(NamedTuple):
    """The code of a task that computes or blocks for long; never called on the loop's thread."""

    work: Callable[[str], None]


class Runtime:
    """The worker's inside, apart from how hints reach it; shared by all threads of the process.

    `start` opens it, `run` does one task and returns when it is done, `drain` begins a stop and
    `stop` ends it; no child process and no thread is left behind. A worker that is a process of its
    own has a heartbeat.
    """

    def __init__(self, context: WorkerContext, *, heartbeat: Heartbeat | None = None) -> None:
        self.context = context
        self.adapters = context.adapters
        self._heartbeat = heartbeat
        self.holder = uuid.uuid4().hex
        self.adapters.metrics.watch_worker(context.state)
        codecs = context.codecs
        self._loop = gathering_loop(lambda: codecs.backlog_seconds)
        self._loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="worker"))
        self._thread = threading.Thread(target=self._run_loop, name="worker-loop")
        self._found_work: set[asyncio.Task[None]] = set()
        self._deliveries = Deliveries(context)
        # What runs as long as the process: what begins new work, and the exchange about hosts.
        self._standing: list[asyncio.Task[None]] = []
        self._code: dict[Task, _OnLoop | _InThread] = {
            Task.INGEST: _InThread(partial(ingest, self.adapters, stopping=self._is_draining)),
            Task.WORK: _OnLoop(partial(take_turn, context)),
            Task.DELIVER: _InThread(self._begin_delivery),
            Task.PURGE: _InThread(partial(purge, self.adapters)),
        }

    def start(self) -> None:
        """Start the codecs, the loop and the sweep."""
        self._thread.start()
        self._await(self._start())
        codecs = self.context.codecs
        log.info("worker_started", codec_processes=codecs.processes, turbojpeg=codecs.turbojpeg)

    def run(self, task: Task, an_id: str) -> None:
        """Do one task to its end, on the caller's thread or on the loop; a delivery only begins."""
        if self.context.draining:
            # The next worker, or the next start, finds the work without this hint.
            return
        try:
            match self._code[task]:
                case _OnLoop(work):
                    self._await(work(an_id))
                case _InThread(work):
                    work(an_id)
        except (DatabaseUnavailable, CancelledError) as error:
            # The database comes back and the sweep with it; a stop leaves the rest to leases.
            log.warning("task_interrupted", task=task, id=an_id, error=repr(error))

    def drain(self) -> None:
        """Start nothing new; what is in flight has SHUTDOWN_GRACE_SECONDS to end."""
        if not self.context.draining:
            log.info("worker_draining", requests=len(self.context.slots.turns))
            grace_seconds = self.adapters.settings.shutdown_grace_seconds
            self.context.drain(grace_seconds)
            self._loop.call_soon_threadsafe(
                self._loop.call_later, grace_seconds, self._deliveries.abandon
            )

    def stop(self) -> None:
        """Wait for what is in flight, give the rest back, and close everything."""
        self.drain()
        try:
            self._await(self._close())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
        log.info("worker_stopped")

    def _begin_delivery(self, delivery_id: str) -> None:
        receiver = receiver_for(self.adapters, delivery_id)
        if receiver is not None:
            self._loop.call_soon_threadsafe(self._deliveries.offer, delivery_id, receiver)

    def _is_draining(self) -> bool:
        return self.context.draining

    def _run_loop(self) -> None:
        as_batch_work()
        self._loop.run_forever()

    def _await(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> None:
        self.context.codecs.start()
        self._standing = [
            asyncio.create_task(self._sweep_for_ever()),
            asyncio.create_task(self._deliveries.look_for_ever()),
            asyncio.create_task(self._exchange_for_ever()),
        ]
        if self._heartbeat is not None:
            self._heartbeat.start(self._loop)

    async def _sweep_for_ever(self) -> None:
        counts = self.adapters.metrics.work
        while True:
            try:
                began = time.perf_counter()
                if await asyncio.to_thread(sweep, self.adapters, holder=self.holder):
                    counts.sweep_done(time.perf_counter() - began)
                else:
                    counts.sweep_not_done("elsewhere")
                await self._look_for_work()
            except DatabaseUnavailable as error:
                counts.sweep_not_done("postponed")
                log.warning("sweep_postponed", error=str(error))
            except Exception:
                # A bug in one round must not end the sweep: it is what recovers everything else.
                counts.sweep_not_done("failed")
                log.exception("sweep_failed")
            await asyncio.sleep(self.adapters.settings.sweep_seconds)

    async def _exchange_for_ever(self) -> None:
        def failed(error: Exception, _attempt: int) -> bool:
            if isinstance(error, DatabaseUnavailable):
                log.warning("hosts_not_exchanged", error=str(error))
            else:
                # A bug here must not leave all images without permits.
                log.error("host_exchange_failed", exc_info=error)
            return True

        exchange = self.context.slots.hosts.exchange_for_ever
        await keep_trying(STANDING, exchange, on=Exception, failed=failed)

    async def _look_for_work(self) -> None:
        """Begin work that no hint announced, as far as there are free lanes."""
        if self.context.draining:
            return
        found = await asyncio.to_thread(open_work, self.adapters, limit=self.context.lanes)
        for task, an_id in found:
            if len(self._found_work) >= self.context.lanes:
                return
            if task is Task.WORK and (
                an_id in self.context.slots.turns
                or len(self.context.slots.turns) >= self.context.lanes
            ):
                continue
            work = asyncio.create_task(self._do(task, an_id))
            self._found_work.add(work)
            work.add_done_callback(self._found_work.discard)

    async def _do(self, task: Task, an_id: str) -> None:
        try:
            match self._code[task]:
                case _OnLoop(work):
                    await work(an_id)
                case _InThread():
                    await asyncio.to_thread(self.run, task, an_id)
        except Exception:
            log.exception("task_failed", task=task, id=an_id)

    async def _close(self) -> None:
        for task in self._standing[:-1]:
            task.cancel()
        standing = {asyncio.current_task(), *self._standing, *self.context.codecs.tasks}
        turns = asyncio.all_tasks() - standing
        if turns:
            grace = self.adapters.settings.shutdown_grace_seconds + CLOSING_SECONDS
            _, late = await asyncio.wait(turns, timeout=grace)
            for task in late:
                log.error("task_abandoned", task=repr(task.get_coro()))
                task.cancel()
        for task in self._standing:
            task.cancel()
        with suppress(DatabaseUnavailable, TimeoutError):
            async with asyncio.timeout(TELL_SECONDS):
                await self.context.slots.hosts.tell_rest()
        await self.context.codecs.close()
        await self.context.fetcher.aclose()
        await self.adapters.webhooks.aclose()
        await self.adapters.store.aclose()
        if self._heartbeat is not None:
            self._heartbeat.stop()
