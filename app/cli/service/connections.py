"""What a client may do with a connection: how long it may take, how much it may send, how many
there may be.

Whoever opens connections and sends a byte now and then could else keep all of a process's file
descriptors for ever, and with them everybody else out.
"""

import asyncio
import json
import resource
from collections.abc import Iterable
from typing import Any, cast

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api.contract.errors import HTTP_KINDS
from app.api.contract.problems import problem_document

log = structlog.get_logger(__name__)

# Request line and headers: how long they may take to come, and how large they may be.
HEAD_SECONDS = 15.0
HEAD_BYTES = 32 * 1024
# A body: the longest silence, and the least that has to come within each window. The slowest
# telephone lines in use bring four times as much.
BODY_SILENCE_SECONDS = 30.0
BODY_WINDOW_SECONDS = 60.0
BODY_BYTES_PER_SECOND = 1024
# So long a refused client may go on sending, so that it reads our answer: a connection that is
# closed with unread bytes loses it.
LINGER_SECONDS = 1.0
# Descriptors that are kept for database, files, pipes and image hosts.
DESCRIPTORS_KEPT = 192
# How many connections may come in one turn of the event loop, before any of them is counted.
ACCEPTED_AT_ONCE = 64
MOST_CONNECTIONS = 4_000
SECONDS_BETWEEN_LINES = 60.0


def most_connections() -> int:
    """How many connections this process may hold open at once.

    Its limit of file descriptors is raised first, as far as the system lets it.
    """
    wanted = MOST_CONNECTIONS + DESCRIPTORS_KEPT + ACCEPTED_AT_ONCE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    limit = wanted if soft == resource.RLIM_INFINITY else min(soft, wanted)
    return max(limit - DESCRIPTORS_KEPT - ACCEPTED_AT_ONCE, limit // 4)


class HeadTooLarge(Exception):
    """Request line and headers have more bytes than are read."""


class Connection(HttpToolsProtocol):
    """uvicorn's, with the bounds above.

    Attributes:
        most: how many there may be at once; the oldest one that has not yet asked for anything
            makes room for a new one.
    """

    most = MOST_CONNECTIONS
    _line_at: float | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # When the head began that is on its way; None between requests, and after the head.
        self._head_since: float | None = self.loop.time()
        self._head_bytes = 0
        self._unparsed_bytes = 0
        # When the window of the body began that is on its way.
        self._body_since: float | None = None
        self._body_bytes = 0
        self._byte_at = 0.0
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._say_that_all_are_taken()
            # Never empty: this very connection has asked for nothing yet.
            connections = cast("set[Connection]", self.connections)
            waiting = [one for one in connections if one.may_go()]
            min(waiting, key=lambda one: one.waits_since).transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        now = self.loop.time()
        self._byte_at = now
        self._body_bytes += len(data)
        if self._body_since is None and self._is_idle():
            if self._head_since is None:
                self._head_since = now
            self._unparsed_bytes += len(data)
        super().data_received(data)
        # The parser reports a header only at its end, so one endless header needs a limit here.
        if self._head_since is not None and self._unparsed_bytes > HEAD_BYTES:
            self._refuse_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_since = None
        self._unparsed_bytes = 0
        self._begin_window(self.loop.time())
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._body_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser refused; it was perhaps we who refused it."""
        if self._head_bytes > HEAD_BYTES:
            self._refuse_head()
        elif not self._refused:
            super().send_400_response(msg)

    def close_if_late(self, now: float) -> None:
        """Hang up on a client that is too slow.

        Args:
            now: the event loop's time.
        """
        if self._refused or self.transport.is_closing():
            return
        if self._head_since is not None:
            if now - self._head_since >= HEAD_SECONDS:
                self._refuse(408, f"The request's head took more than {HEAD_SECONDS:.0f} seconds.")
        elif self._body_since is not None:
            if self.flow.read_paused or self.cycle.waiting_for_100_continue:
                # It is we who do not read.
                self._begin_window(now)
            elif now - self._byte_at >= BODY_SILENCE_SECONDS:
                self._refuse(408, f"No byte came for {BODY_SILENCE_SECONDS:.0f} seconds.")
            elif now - self._body_since >= BODY_WINDOW_SECONDS:
                if self._body_bytes < BODY_BYTES_PER_SECOND * BODY_WINDOW_SECONDS:
                    self._refuse(408, "The request's body comes too slowly.")
                else:
                    self._begin_window(now)

    def may_go(self) -> bool:
        """Whether nobody waits for an answer on it."""
        return not self.transport.is_closing() and (self._refused or self._is_idle())

    @property
    def waits_since(self) -> float:
        """Since when nothing was asked for."""
        return self._byte_at if self._head_since is None else self._head_since

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _begin_window(self, now: float) -> None:
        self._body_since = self._byte_at = now
        self._body_bytes = 0

    def _count_head(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > HEAD_BYTES:
            raise HeadTooLarge

    def _refuse_head(self) -> None:
        self._refuse(431, f"Request line and headers may have {HEAD_BYTES:,} bytes.")

    def _refuse(self, status: int, detail: str) -> None:
        if self._refused:
            return
        self._refused = True
        if not self._is_idle() and self.cycle.response_started:
            self.transport.abort()
            return
        self.transport.write(_answer(status, detail))
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _say_that_all_are_taken(self) -> None:
        now, before = self.loop.time(), Connection._line_at
        if before is None or now - before >= SECONDS_BETWEEN_LINES:
            Connection._line_at = now
            log.warning("connections_full", most=self.most)


def close_late(connections: Iterable[Any], now: float) -> None:
    """Hang up on all clients that are too slow, by the event loop's time."""
    for connection in list(connections):
        connection.close_if_late(now)


def _answer(status: int, detail: str) -> bytes:
    kind = HTTP_KINDS[status]
    document = problem_document(code=kind.code, status=status, title=kind.title, detail=detail)
    body = json.dumps(document).encode()
    return (
        STATUS_LINE[status]
        + b"content-type: application/problem+json\r\n"
        + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        + body
    )
