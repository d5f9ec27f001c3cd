"""`python -m benchmarks.quick_host PORT FOLDER DELAY_MS`: pictures from memory, after a delay.

nginx has no module that waits, and for tiny pictures its reading of files would be most of the
work. The figures leave this process out.
"""

import asyncio
import sys
from pathlib import Path
from typing import cast

import httptools
import uvloop


class PictureServer(asyncio.Protocol):
    """Answers every GET with a file of the folder, by the last part of the path.

    Args:
        pictures: the bytes for each file name; a single one stands for every name.
        delay_seconds: passes between a request and its answer, like a far host's round trip.
    """

    def __init__(self, pictures: dict[str, bytes], delay_seconds: float) -> None:
        self._pictures = pictures
        self._delay_seconds = delay_seconds
        self._only = next(iter(pictures.values())) if len(pictures) == 1 else None
        self._name = ""
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, only of their shape.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Called by the parser."""
        path = url.partition(b"?")[0]
        self._name = path.rpartition(b"/")[2].decode("latin-1")

    def on_message_complete(self) -> None:
        """Called by the parser."""
        body = self._only or self._pictures.get(self._name)
        if self._delay_seconds:
            asyncio.get_running_loop().call_later(self._delay_seconds, self._answer, body)
        else:
            self._answer(body)

    def _answer(self, body: bytes | None) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        status, content = (b"404 Not Found", b"") if body is None else (b"200 OK", body)
        head = b"HTTP/1.1 %s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % (status, len(content)) + content)


async def serve(port: int, pictures: dict[str, bytes], delay_seconds: float) -> None:
    """Serve for ever, on every loopback address, so that several hosts can be played."""
    server = await asyncio.get_running_loop().create_server(
        lambda: PictureServer(pictures, delay_seconds), "0.0.0.0", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    files = {path.name: path.read_bytes() for path in Path(sys.argv[2]).iterdir()}
    uvloop.run(serve(int(sys.argv[1]), files, float(sys.argv[3]) / 1000))
