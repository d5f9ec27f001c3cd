"""A TCP front before a server, which can fall silent: it accepts, reads and says nothing."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType

PIECE_BYTES = 64 * 1024


class MutedFront:
    """Passes bytes on to a server on this machine for as long as it is not `muted`."""

    def __init__(self, port_behind: int) -> None:
        self._port_behind = port_behind
        self.muted = False

    def __enter__(self) -> "MutedFront":
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(started)), daemon=True)
        self._thread.start()
        started.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def _run(self, started: threading.Event) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=256)
        self.port: int = listener.sockets[0].getsockname()[1]
        started.set()
        await self._closing.wait()
        listener.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, to_behind = await asyncio.open_connection("127.0.0.1", self._port_behind)
        await asyncio.gather(self._pass_on(reader, to_behind), self._pass_on(behind, writer))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await source.read(PIECE_BYTES):
                if not self.muted:
                    target.write(piece)
                    await target.drain()
        target.close()
