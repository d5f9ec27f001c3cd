"""uvicorn, as `serve` runs it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from types import FrameType

import uvicorn

from app.cli.service.connections import close_late
from app.cli.service.worker_process import WorkerProcess

# How many the system holds ready until they are accepted.
WAITING_CONNECTIONS = 1024


class Server(uvicorn.Server):
    """uvicorn, which ends with exit code 0 after a stop by signal, and at once after a second.

    Args:
        config: uvicorn's.
        worker: the worker of this service, where it is a process of its own.
    """

    def __init__(self, config: uvicorn.Config, worker: WorkerProcess | None) -> None:
        super().__init__(config)
        self._worker = worker

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen. The event loop takes as many new connections in one go as uvicorn's
        `backlog` says, before any of them is counted; the system may hold more of them ready.
        """
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(WAITING_CONNECTIONS)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; once in each it looks for clients that are too slow."""
        if counter % 10 == 0:
            close_late(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        yield

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self.should_exit:
            # Nothing is lost: leases bring back what was in flight.
            if self._worker is not None:
                self._worker.kill()
            os._exit(128 + number)
        self.should_exit = True
