"""A TCP front before a server, which can fall silent: it accepts, reads and says nothing."""

import asyncio
from contextlib import suppress

from tests.parts.loop_thread import LoopThread

PIECE_BYTES = 64 * 1024


class MutedFront(LoopThread):
    """Passes bytes on to a server on this machine for as long as it is not `muted`."""

    def __init__(self, port_behind: int) -> None:
        self._port_behind = port_behind
        self.muted = False

    async def listen(self) -> None:
        listener = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=256)
        self.port: int = listener.sockets[0].getsockname()[1]
        self.started()
        await self.closing.wait()
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
