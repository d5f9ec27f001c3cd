"""A server of asyncio in a thread of its own, for the length of a `with` block."""

import asyncio
import threading
from types import TracebackType
from typing import Self


class LoopThread:
    """Runs `listen` in a thread from the block's start to its end."""

    def __enter__(self) -> Self:
        self._started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name=type(self).__name__, daemon=True
        )
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def listen(self) -> None:
        """Open the server, call `started`, wait for `closing`, and close everything."""
        raise NotImplementedError

    def started(self) -> None:
        """From now on the block may begin."""
        self._started.set()

    @property
    def closing(self) -> asyncio.Event:
        """Set when the block has ended."""
        return self._closing

    async def _run(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        await self.listen()
