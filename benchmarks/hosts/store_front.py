"""`store_front.py PORT STORE_ADDRESS STORE_PORT PUT_DELAY_MS`: an S3 server that is further away.

Bytes go through as they are, so that signatures hold. Each connection has one of its own to the
store, and any number of them may wait. Only the answers to PUT are kept back.
"""

import asyncio
import sys
from typing import cast

import httptools
import uvloop


class Front(asyncio.Protocol):
    """A client's connection; what it sends goes on to the store."""

    def __init__(self, store: tuple[str, int], delay_seconds: float) -> None:
        self._store = store
        self._delay_seconds = delay_seconds
        self._parser = httptools.HttpRequestParser(self)
        self._early: list[bytes] = []
        self._behind: Behind | None = None
        self.is_put = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, only of their shape.
        self._client = cast("asyncio.WriteTransport", transport)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._behind is None:
            self._early.append(data)
        else:
            self._behind.transport.write(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._behind is not None:
            self._behind.transport.close()
        else:
            self._connecting.cancel()

    def on_headers_complete(self) -> None:
        """Called by the parser: requests over a connection come one after the other."""
        self.is_put = self._parser.get_method() == b"PUT"

    def answer(self, data: bytes) -> None:
        """Hand bytes of the store's answer to the client, now or after the delay."""
        if self.is_put and self._delay_seconds:
            asyncio.get_running_loop().call_later(self._delay_seconds, self._write, data)
        else:
            self._write(data)

    def store_left(self) -> None:
        """The store has ended the connection."""
        self._client.close()

    def _write(self, data: bytes) -> None:
        if not self._client.is_closing():
            self._client.write(data)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, behind = await loop.create_connection(lambda: Behind(self), *self._store)
        self._behind = behind
        behind.transport.writelines(self._early)


class Behind(asyncio.Protocol):
    """The connection to the store that belongs to a client's."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._front.answer(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._front.store_left()


async def serve(port: int, store: tuple[str, int], delay_seconds: float) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Front(store, delay_seconds), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), (sys.argv[2], int(sys.argv[3])), float(sys.argv[4]) / 1000))
