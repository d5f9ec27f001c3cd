"""The process behind `LimitedHost`: its connections, its rules and its counts.

`python -m tests.parts.limited_host_process ADDRESS PORT CONTROL_PORT RULES`, in a folder with
`small.jpg` and `large.jpg`.
"""

import asyncio
import json
import socket
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import cast

import httptools
import uvloop

from tests.parts.host_rules import HostCounts, HostRules
from tests.parts.rate_limits import LIMITERS, Ban

REASONS = {200: "OK", 429: "Too Many Requests", 500: "Internal Server Error"}
REASONS[503] = "Service Unavailable"
BACKLOG = 2048


class Host:
    """Decides on each request and counts it."""

    def __init__(self, rules: HostRules, small: bytes, large: bytes) -> None:
        self._small = _answer(200, small)
        self._large = _answer(200, large)
        self._failure = _answer(500)
        self._paths: Counter[str] = Counter()
        self._seconds: Counter[int] = Counter()
        self._refused_seconds: Counter[int] = Counter()
        self._kinds: Counter[str] = Counter()
        self._earlier_bans = 0
        self._kept_requests = 0
        self.open: set[asyncio.WriteTransport] = set()
        self._connections = 0
        self._most_connections = 0
        self._first: float | None = None
        self._last: float | None = None
        self._last_answer: float | None = None
        self._ban: Ban | None = None
        self.follow(rules)

    def follow(self, rules: HostRules) -> None:
        """Begin with these rules, as if nobody had asked yet."""
        self.rules = rules
        self._earlier_bans += self._ban.count if self._ban else 0
        self._limiter = LIMITERS[rules.window](rules.rate) if rules.rate is not None else None
        self._ban = Ban(rules.ban_seconds, rules.ban_over) if rules.ban_seconds else None
        refusal_headers = f"Retry-After: {rules.retry_after}\r\n" if rules.retry_after else ""
        self._refusal = _answer(rules.refusal_status, headers=refusal_headers)

    def connected(self, connection: asyncio.WriteTransport) -> None:
        """A connection was made; whoever ends it takes it out of `open`."""
        self._connections += 1
        self.open.add(connection)
        self._most_connections = max(self._most_connections, len(self.open))

    def answer(self, path: str, *, kept: bool) -> bytes | None:
        """The whole answer to a request; empty: end the connection instead; None: say nothing.

        Args:
            kept: whether the connection has had a request before.
        """
        now = time.time()
        if self._first is None:
            self._first = now
        self._last = now
        self._paths[path] += 1
        second = int(now - self._first)
        self._seconds[second] += 1
        self._kept_requests += kept
        kind, answer = self._judged(path, kept)
        self._kinds[kind] += 1
        if kind == "refused":
            self._refused_seconds[second] += 1
        return answer

    def answered(self) -> None:
        """An answer was sent."""
        self._last_answer = time.time()

    def counts(self) -> HostCounts:
        """What was seen so far."""
        kinds = ("served", "refused", "failed", "silent", "cut")
        return HostCounts(
            requests=self._seconds.total(),
            **{kind: self._kinds[kind] for kind in kinds},
            bans=self._earlier_bans + (self._ban.count if self._ban else 0),
            connections=self._connections,
            most_connections=self._most_connections,
            first_request_at=self._first,
            last_request_at=self._last,
            last_answer_at=self._last_answer,
            paths=dict(self._paths),
            timeline=[
                (self._seconds[second], self._refused_seconds[second])
                for second in range(max(self._seconds, default=-1) + 1)
            ],
        )

    def _judged(self, path: str, kept: bool) -> tuple[str, bytes | None]:
        if self.rules.silence == "hang" or path.startswith("/odd/hang"):
            return "silent", None
        if kept and self.rules.close_every and self._kept_requests % self.rules.close_every == 0:
            return "cut", b""
        if path.startswith("/odd/"):
            return "failed", self._failure
        if self._refuses():
            return "refused", self._refusal
        return "served", self._large if path.startswith("/large/") else self._small

    def _refuses(self) -> bool:
        now = time.monotonic()
        if self._ban and self._ban.holds(now):
            return True
        if self._limiter is None or self._limiter.allows(now):
            return False
        if self._ban:
            self._ban.refused(now)
        return True


class Connection(asyncio.Protocol):
    """One client's connection; requests over it come one after the other."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._parser = httptools.HttpRequestParser(self)
        self._path = ""
        self._requests = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, only of their shape.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._host.connected(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._host.open.remove(self._transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Called by the parser."""
        self._path = url.decode("latin-1")

    def on_message_complete(self) -> None:
        """Called by the parser."""
        answer = self._host.answer(self._path, kept=self._requests > 0)
        self._requests += 1
        if answer is None:
            return
        keep = bool(answer) and self._parser.should_keep_alive()
        delay_seconds = self._host.rules.delay_ms / 1000
        if delay_seconds:
            asyncio.get_running_loop().call_later(delay_seconds, self._send, answer, keep)
        else:
            self._send(answer, keep)

    def _send(self, answer: bytes, keep: bool) -> None:
        if self._transport.is_closing():
            return
        if answer:
            self._transport.write(answer)
            self._host.answered()
        if not keep:
            self._transport.close()


class Server:
    """The host's port, closed or open as its rules say, and the port that it is led by."""

    def __init__(self, host: Host, address: str, port: int) -> None:
        self._host = host
        self._address = (address, port)
        # A bound port that nobody listens on refuses connections, and nobody else can take it.
        self._closed_port: socket.socket | None = self._bound()
        self._server: asyncio.Server | None = None

    async def follow_rules(self) -> None:
        """Open or close the port."""
        is_open = self._host.rules.silence != "refuse"
        if is_open and self._closed_port is not None:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self._host), sock=self._closed_port, backlog=BACKLOG
            )
            self._closed_port = None
        elif not is_open and self._server is not None:
            self._server.close()
            for connection in list(self._host.open):
                connection.abort()
            await self._server.wait_closed()
            self._server = None
            self._closed_port = self._bound()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question: a line of JSON, which may bring new rules; the answer is the counts."""
        question = json.loads(await reader.readline())
        if "rules" in question:
            self._host.follow(HostRules(**question["rules"]))
            await self.follow_rules()
        writer.write(json.dumps(asdict(self._host.counts())).encode())
        writer.close()

    def _bound(self) -> socket.socket:
        port = socket.socket()
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind(self._address)
        return port


def _answer(status: int, body: bytes = b"", *, headers: str = "") -> bytes:
    kind = "image/jpeg" if status == 200 else "text/plain"
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n{headers}\r\n".encode("latin-1") + body


async def serve(host: Host, address: str, port: int, control_port: int) -> None:
    """Serve until the process is ended."""
    server = Server(host, address, port)
    await server.follow_rules()
    control = await asyncio.start_server(server.control, "127.0.0.1", control_port)
    await control.serve_forever()


if __name__ == "__main__":
    told = HostRules(**json.loads(sys.argv[4]))
    pictures = [Path(name).read_bytes() for name in ("small.jpg", "large.jpg")]
    uvloop.run(serve(Host(told, *pictures), sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
