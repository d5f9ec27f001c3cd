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
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connector.open_connections += 1
        if self._connector.open_connections > MAX_CONNECTIONS_KEPT:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connector.open_connections -= 1
        super().connection_lost(exc)

    def set_response_params(self, **params: Any) -> None:
        self._received_bytes = 0
        self._informational_answers = 0
        self._body = None
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
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

    def _open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        host, port = address[0], address[1]
        if not (self._guard.allows(ip_address(host)) and self._guard.allows_port(port)):
            raise AddressRefused(errno.EACCES, "refused by the address guard")
        return socket.socket(family, kind, protocol)


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
    everything. Bodies come as they were sent, compressed or not.
    """
    return aiohttp.ClientSession(
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
