"""What one worker process has in its hands."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from app.adapters import Adapters
from app.codecs.pool import CodecPool
from app.domain.errors import DatabaseUnavailable
from app.domain.hosts.exchange import Policy
from app.domain.retry import DATABASE
from app.domain.tasks import Task
from app.ending.give_up import fail_given_up
from app.metrics.state import WorkerState
from app.outbound.fetch import ImageFetcher
from app.retrying import keep_trying
from app.worker.delivery_slots import DeliverySlots
from app.worker.hosts.known import Hosts
from app.worker.slots import Slots
from app.worker.window import Window

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


class WorkerContext:
    """The parts that all turns of a process share, and what is going on in them.

    Args:
        adapters: database, store and the rest.
        fetcher: used from one event loop only.
        codecs: started by the caller.
        lanes: how many requests are worked on side by side.
    """

    def __init__(
        self, adapters: Adapters, *, fetcher: ImageFetcher, codecs: CodecPool, lanes: int
    ) -> None:
        self.adapters = adapters
        self.fetcher = fetcher
        self.codecs = codecs
        self.lanes = lanes
        self.slots = Slots(
            Window(codecs),
            Hosts(
                transact=self.in_transaction,
                policy=self._host_policy,
                connections=self._host_connections,
                given_up=self._fail_given_up,
            ),
        )
        self.delivery_slots = DeliverySlots()
        self._drain_until: float | None = None

    @property
    def draining(self) -> bool:
        """True once the process is asked to stop: nothing new may start."""
        return self._drain_until is not None

    @property
    def grace_is_over(self) -> bool:
        """True when a stopping process has to let go of what it still holds."""
        return self._drain_until is not None and time.monotonic() >= self._drain_until

    def drain(self, grace_seconds: float) -> None:
        """Start nothing new; what is in flight has `grace_seconds` to end."""
        self._drain_until = time.monotonic() + grace_seconds

    def come_back(self, request_id: str, seconds: float) -> None:
        """Look at a request again then: until that time all its images wait for their hosts."""
        loop = asyncio.get_running_loop()
        hint = partial(self.adapters.hints.send, Task.WORK, request_id)
        # In a thread, as a broker that is away may keep the sender for a second.
        loop.call_later(
            seconds, lambda: None if self.draining else loop.run_in_executor(None, hint)
        )

    def _host_policy(self, host: str) -> Policy:
        settings = self.adapters.settings
        rule = self.adapters.host_rules.of(host)
        return Policy(
            patience_seconds=settings.host_patience_seconds,
            max_attempts=settings.fetch_max_attempts,
            timeout_seconds=settings.fetch_timeout_seconds,
            max_rate=rule.requests_per_second if rule is not None else None,
        )

    def _host_connections(self, host: str) -> int:
        rule = self.adapters.host_rules.of(host)
        if rule is not None and rule.connections is not None:
            return rule.connections
        return self.adapters.settings.fetch_connections_per_host

    def _fail_given_up(self) -> None:
        # What a stop interrupts here the sweep ends.
        asyncio.get_running_loop().run_in_executor(None, fail_given_up, self.adapters)

    def state(self) -> WorkerState:
        """What this process has in its hands; asked for at a scrape, from another thread."""
        return WorkerState(
            lanes=self.lanes,
            turns=len(self.slots.turns),
            images=self.slots.window.running,
            window=self.slots.window.size,
            storing=self.slots.storing,
            hosts=self.slots.hosts.states(),
            held_bytes=self.slots.window.held_bytes,
            codec_children=self.codecs.processes,
            codec_idle=self.codecs.idle,
            codec_waiting=self.codecs.waiting,
            codec_replaced=self.codecs.replaced,
            deliveries=self.delivery_slots.taken,
        )

    async def in_transaction(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction on a thread; a database that is away is waited for.

        Raises:
            DatabaseUnavailable: it did not come back before the grace of a stop was over.
        """

        def failed(error: DatabaseUnavailable, _attempt: int) -> bool:
            log.warning("database_unavailable", error=str(error))
            return not self.grace_is_over

        return await keep_trying(
            DATABASE,
            lambda: asyncio.to_thread(self._transact, work),
            on=DatabaseUnavailable,
            failed=failed,
        )

    def _transact(self, work: Callable[[Connection], Result]) -> Result:
        with self.adapters.database.transaction() as connection:
            return work(connection)
