"""What one worker process has in its hands."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from app.codecs.pool import CodecPool
from app.domain.errors import DatabaseUnavailable
from app.metrics.state import WorkerState
from app.outbound.fetch import ImageFetcher
from app.services.adapters import Adapters
from app.worker.window import Window

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

DATABASE_PAUSE_SECONDS = 1.0


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
        self.window = Window(codecs)
        # Requests that this process is working on: one turn each, with the whole pipe.
        self.turns: set[str] = set()
        self.running_by_host: Counter[str] = Counter()
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

    def host_has_room(self, host: str) -> bool:
        """False while this process has as many downloads from the host as it may have."""
        return self.running_by_host[host] < self.adapters.settings.fetch_connections_per_host

    def leave_host(self, host: str) -> None:
        """One download from the host has ended."""
        self.running_by_host[host] -= 1
        if self.running_by_host[host] <= 0:
            del self.running_by_host[host]

    def state(self) -> WorkerState:
        """What this process has in its hands; asked for at a scrape, from another thread."""
        return WorkerState(
            lanes=self.lanes,
            turns=len(self.turns),
            images=self.window.running,
            window=self.window.size,
            held_bytes=self.window.held_bytes,
            codec_children=self.codecs.processes,
            codec_idle=self.codecs.idle,
            codec_waiting=self.codecs.waiting,
            codec_replaced=self.codecs.replaced,
        )

    async def in_transaction(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction on a thread; a database that is away is waited for.

        Raises:
            DatabaseUnavailable: it did not come back before the grace of a stop was over.
        """
        while True:
            try:
                return await asyncio.to_thread(self._transact, work)
            except DatabaseUnavailable as error:
                log.warning("database_unavailable", error=str(error))
                if self.grace_is_over:
                    raise
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)

    def _transact(self, work: Callable[[Connection], Result]) -> Result:
        with self.adapters.database.transaction() as connection:
            return work(connection)
