"""The HTTP client behind the door: aiohttp, with checked connections and bounded answers."""

import asyncio
import errno
import functools
import os
import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import aiohttp
import certifi
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from aiohttp.tracing import Trace

from app.outbound.guard import AddressGuard

# A page of a picture arrives in one or two reads; more would be memory held for slow hosts.
READ_BUFFER_BYTES = 256 * 1024
MAX_HEADER_LINE_BYTES = 8 * 1024
MAX_HEADERS = 100
# 100 Continue, 102 Processing, 103 Early Hints: a real server sends one or two of them.
MAX_INFORMATIONAL_ANSWERS = 8
# What an answer may hold besides its body: headers, chunk sizes, trailers. It may grow as fast as
# the body itself, which also covers what a paused parser has not looked at yet.
MAX_OVERHEAD_BYTES = 64 * 1024
# Idle connections are only worth their file descriptors while there are few hosts; a list with
# thousands of them must not run the process out of descriptors.
MAX_CONNECTIONS_KEPT = 256
KEEPALIVE_SECONDS = 15.0
DNS_CACHE_SECONDS = 30
# A host that closed a kept connection on us, without having said so, gets a new one for each
# request for so long.
FRESH_SECONDS = 60.0
MAX_CLOSING_HOSTS = 1_024


class AddressRefused(OSError):
    """The guard refused the address of a socket; an OSError, as aiohttp expects from there."""


class AnswerUnbounded(aiohttp.ClientError):
    """A host sends headers, interim answers or framing without end."""


class _BoundedProtocol(ResponseHandler):
    """aiohttp's connection, which hangs up on answers that have no end outside of their body.

    aiohttp bounds each header and their number, but not the number of interim answers, nor the
    chunk framing and trailers, and reading those costs CPU time until the deadline.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, connector: "GuardedConnector") -> None:
        super().__init__(loop)
        self._connector = connector
        self._received_bytes = 0
        self._informational_answers = 0
        self._body: StreamReader | None = None
        self.uses = 0
        self._key: ConnectionKey | None = None
        self._is_unanswered = False

    def begin(self, key: ConnectionKey) -> None:
        """Note that a request to the host of this key comes next."""
        self.uses += 1
        self._key = key
        self._is_unanswered = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connector.open_connections += 1
        if self._connector.open_connections > MAX_CONNECTIONS_KEPT:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connector.open_connections -= 1
        # Where we close it ourselves, the transport is gone before this is called.
        closed_by_host = self.transport is not None
        if closed_by_host and self.uses > 1 and self._is_unanswered and self._key is not None:
            self._connector.closes_kept_connections(self._key)
        super().connection_lost(exc)

    def set_response_params(self, **params: Any) -> None:
        self._received_bytes = 0
        self._informational_answers = 0
        self._body = None
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        self._is_unanswered = False
        body_bytes = self._body.total_bytes if self._body is not None else 0
        if self._received_bytes > MAX_OVERHEAD_BYTES + 2 * body_bytes:
            self._hang_up()
            return
        self._received_bytes += len(data)
        super().data_received(data)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        message, body = data
        if 100 <= message.code < 200:
            self._informational_answers += 1
            if self._informational_answers > MAX_INFORMATIONAL_ANSWERS:
                self._hang_up()
                return
        self._body = body
        super().feed_data(data, size)

    def _hang_up(self) -> None:
        trouble = AnswerUnbounded()
        self.set_exception(trouble)
        if self._body is not None:
            self._body.set_exception(trouble)
        if self.transport is not None:
            self.transport.abort()


class GuardedConnector(aiohttp.TCPConnector):
    """Connections only to addresses that the guard allows.

    Names are checked in the resolver, which refuses a name for one bad address. The socket factory
    checks once more what is really connected to, so that no cache, literal address or name server
    that changes its mind comes past the guard.
    """

    def __init__(
        self,
        guard: AddressGuard,
        resolver: aiohttp.abc.AbstractResolver,
        *,
        connections_per_host: int,
        keep_alive: bool,
    ) -> None:
        super().__init__(
            resolver=resolver,
            socket_factory=self._open_socket,
            ssl=tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
            limit=0,
            limit_per_host=connections_per_host,
            ttl_dns_cache=DNS_CACHE_SECONDS,
            force_close=not keep_alive,
            keepalive_timeout=KEEPALIVE_SECONDS if keep_alive else None,
        )
        self.open_connections = 0
        self._guard = guard
        # aiohttp has no public place for a protocol of one's own; the tests of the misbehaving
        # server fail should a later version stop using this one.
        protocol: Callable[..., ResponseHandler] = _BoundedProtocol
        self._factory = functools.partial(protocol, loop=self._loop, connector=self)
        # Host -> until when it gets no kept connections.
        self._closing: dict[ConnectionKey, float] = {}

    def closes_kept_connections(self, key: ConnectionKey) -> None:
        """Note that a host closed a kept connection while a request was on its way to it.

        Nothing repeats that request, so that each connection of such a host would cost every other
        attempt.
        """
        self._closing.pop(key, None)
        if len(self._closing) >= MAX_CLOSING_HOSTS:
            self._closing.pop(next(iter(self._closing)))
        self._closing[key] = self._loop.time() + FRESH_SECONDS

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        """Give a request its connection: a kept one, or a new one."""
        key = req.connection_key
        connection = await super().connect(req, traces, timeout)
        if self._closing.get(key, 0.0) > self._loop.time():
            while _protocol(connection).uses:
                connection.close()
                connection = await super().connect(req, traces, timeout)
            _protocol(connection).force_close()
        _protocol(connection).begin(key)
        return connection

    def _open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        host, port = address[0], address[1]
        if not (self._guard.allows(ip_address(host)) and self._guard.allows_port(port)):
            raise AddressRefused(errno.EACCES, "refused by the address guard")
        return socket.socket(family, kind, protocol)


def _protocol(connection: Connection) -> _BoundedProtocol:
    protocol = connection.protocol
    assert isinstance(protocol, _BoundedProtocol)  # noqa: S101 - the connector's factory makes them
    return protocol


@functools.lru_cache(maxsize=4)
def tls_context(cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    """Return the rules for https: verified certificates, TLS 1.2 or newer.

    Trusted are the system's authorities, or those that OpenSSL's own SSL_CERT_FILE and SSL_CERT_DIR
    name (given as arguments only to tell the contexts apart), and Mozilla's, because small
    container images have none.
    """
    del cert_file, cert_dir
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def open_session(
    guard: AddressGuard,
    resolver: aiohttp.abc.AbstractResolver,
    *,
    user_agent: str,
    connections_per_host: int,
    keep_alive: bool,
) -> aiohttp.ClientSession:
    """Open a client for the running event loop: no cookies, no proxies, no credentials.

    The resolver stays the caller's to close, and time limits are the caller's: one deadline around
    everything. Bodies come as they were sent, compressed or not. One call is one request.
    """
    session = aiohttp.ClientSession(
        connector=GuardedConnector(
            guard,
            resolver,
            connections_per_host=connections_per_host,
            keep_alive=keep_alive,
        ),
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(),
        read_bufsize=READ_BUFFER_BYTES,
        max_line_size=MAX_HEADER_LINE_BYTES,
        max_field_size=MAX_HEADER_LINE_BYTES,
        max_headers=MAX_HEADERS,
    )
    # Where a kept connection dies, aiohttp repeats a GET on its own. What is repeated, and when, is
    # for the caller to decide and to count. There is no public switch; the test of closing hosts
    # fails should a later version stop using this one.
    session._retry_connection = False
    return session
