"""A web server that misbehaves in every way we know of, on a loopback port of its own.

It runs in its own thread and event loop, so that synchronous and asynchronous tests can use it:

    with HostileServer() as server:
        server.serve("/a.jpg", data, content_type="image/jpeg")   # a well-behaved path
        server.on("/odd", an_async_function)                      # a path of the test's own
        fetch(server.url("/drip-body"))                           # a path of BEHAVIOURS

`server.connections` counts accepted connections, `server.requests` keeps what was asked. Nothing is
sent faster than the client reads it, and all that is endless ends when the server is closed.
"""

import asyncio
import datetime
import gzip
import ipaddress
import ssl
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

from tests.parts.loop_thread import LoopThread

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8


@dataclass
class Exchange:
    """One request and the way to answer it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "HostileServer"
    keep_alive: bool = False

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(
        self, status: str = "200 OK", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        # What closes says so, as web servers do; who does not is a test of its own.
        close = {} if self.keep_alive else {"Connection": "close"}
        lines = {"Content-Length": str(len(body)), **close, **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await self.send(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body)

    async def reset(self) -> None:
        """End the connection with a TCP reset instead of a clean close."""
        socket = self.writer.get_extra_info("socket")
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Exchange], Awaitable[None]]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(path: str) -> Callable[[Behaviour], Behaviour]:
    def register(function: Behaviour) -> Behaviour:
        BEHAVIOURS[path] = function
        return function

    return register


@dataclass
class HostileServer(LoopThread):
    """A server of `BEHAVIOURS`; 0.0.0.0 to listen on makes every address 127.x.x.x a host of it."""

    tls: ssl.SSLContext | None = None
    listens_on: str = "127.0.0.1"
    connections: int = 0
    requests: list[Exchange] = field(default_factory=list)
    bytes_sent_endlessly: int = 0
    paths: dict[str, Behaviour] = field(default_factory=dict)

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def on(self, path: str, function: Behaviour) -> None:
        self.paths[path] = function

    def serve(
        self,
        path: str,
        body: bytes,
        *,
        content_type: str = "image/jpeg",
        status: str = "200 OK",
        headers: Mapping[str, str] | None = None,
        delay_seconds: float = 0.0,
    ) -> None:
        async def answer(exchange: Exchange) -> None:
            await asyncio.sleep(delay_seconds)
            exchange.keep_alive = True
            await exchange.answer(status, {"Content-Type": content_type, **(headers or {})}, body)

        self.on(path, answer)

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: None)  # resets are its business
        self._tasks: set[asyncio.Task[None]] = set()
        listener = await asyncio.start_server(
            self._connected, self.listens_on, 0, ssl=self.tls, backlog=256
        )
        self.port: int = listener.sockets[0].getsockname()[1]
        self.started()
        await self.closing.wait()
        listener.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self.closing.is_set() else writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        exchange = Exchange(method, path, headers, body, reader, writer, self)
        self.requests.append(exchange)
        plain_path = path.partition("?")[0]
        await (self.paths.get(plain_path) or BEHAVIOURS.get(plain_path) or _not_found)(exchange)
        return exchange.keep_alive


async def _not_found(exchange: Exchange) -> None:
    await exchange.answer("404 Not Found", body=b"no such path")


async def _endless(exchange: Exchange, piece: bytes, pause_seconds: float = 0.0) -> None:
    while True:
        await exchange.send(piece)
        exchange.server.bytes_sent_endlessly += len(piece)
        await asyncio.sleep(pause_seconds)


# --- good ones, for comparison ---


@behaviour("/good.jpg")
async def good(exchange: Exchange) -> None:
    exchange.keep_alive = True
    await exchange.answer(
        headers={
            "Content-Type": "image/jpeg",
            "ETag": '"abc"',
            "Last-Modified": "Tue, 03 Nov 2026 10:00:00 GMT",
        },
        body=PICTURE,
    )


@behaviour("/chunked.jpg")
async def chunked(exchange: Exchange) -> None:
    exchange.keep_alive = True
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(PICTURE), 500):
        piece = PICTURE[start : start + 500]
        await exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    await exchange.send(b"0\r\n\r\n")


@behaviour("/until-close.jpg")
async def until_close(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.0 200 OK\r\n\r\n" + PICTURE)


@behaviour("/two-interim-answers.jpg")
async def two_interim_answers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
    await exchange.answer(body=PICTURE)


# --- hosts without haste ---


@behaviour("/hang")
async def hang(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


@behaviour("/hang-after-headers")
async def hang_after_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    await asyncio.sleep(3600)


@behaviour("/hang-in-body")
async def hang_in_body(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + PICTURE[:500])
    await asyncio.sleep(3600)


@behaviour("/drip-headers")
async def drip_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await _endless(exchange, b"a", 0.02)


@behaviour("/drip-body")
async def drip_body(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    await _endless(exchange, b"a", 0.02)


@behaviour("/drip-redirect")
async def drip_redirect(exchange: Exchange) -> None:
    await asyncio.sleep(0.2)
    await exchange.answer("302 Found", {"Location": "/drip-redirect"})


# --- hosts without end ---


@behaviour("/endless-body")
async def endless_body(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
    await _endless(exchange, b"\xff" * 65_536)


@behaviour("/endless-chunks")
async def endless_chunks(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await _endless(exchange, b"10000\r\n" + b"\xff" * 65_536 + b"\r\n")


@behaviour("/endless-tiny-chunks")
async def endless_tiny_chunks(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await _endless(exchange, b"1\r\n\xff\r\n" * 10_000)


@behaviour("/endless-chunk-extension")
async def endless_chunk_extension(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=")
    await _endless(exchange, b"y" * 65_536)


@behaviour("/endless-trailers")
async def endless_trailers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\xff\r\n0\r\n")
    await _endless(exchange, b"X-T: y\r\n" * 5_000)


@behaviour("/endless-headers")
async def endless_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\n")
    await _endless(exchange, b"X-More: and more\r\n" * 1_000)


@behaviour("/endless-header-line")
async def endless_header_line(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    await _endless(exchange, b"a" * 65_536)


@behaviour("/endless-reason")
async def endless_reason(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 ")
    await _endless(exchange, b"OK" * 32_768)


@behaviour("/endless-continue")
async def endless_continue(exchange: Exchange) -> None:
    await _endless(exchange, b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000)


@behaviour("/dripped-continue")
async def dripped_continue(exchange: Exchange) -> None:
    await _endless(exchange, b"HTTP/1.1 100 Continue\r\n\r\n", 0.01)


@behaviour("/endless-redirects")
async def endless_redirects(exchange: Exchange) -> None:
    number = int(exchange.path.partition("?")[2] or 0) + 1
    await exchange.answer("302 Found", {"Location": f"/endless-redirects?{number}"}, b"here")


@behaviour("/redirect-to-itself")
async def redirect_to_itself(exchange: Exchange) -> None:
    await exchange.answer("301 Moved Permanently", {"Location": "/redirect-to-itself"})


@behaviour("/redirect-with-endless-body")
async def redirect_with_endless_body(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 302 Found\r\nLocation: /good.jpg\r\n\r\n")
    await _endless(exchange, b"x" * 65_536)


@behaviour("/error-with-endless-body")
async def error_with_endless_body(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 404 Not Found\r\n\r\n")
    await _endless(exchange, b"x" * 65_536)


# --- answers that are not what they say ---


@behaviour("/huge-length")
async def huge_length(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + PICTURE)
    await asyncio.sleep(3600)


@behaviour("/length-too-long")
async def length_too_long(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + PICTURE)


@behaviour("/length-too-short")
async def length_too_short(exchange: Exchange) -> None:
    exchange.keep_alive = True
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + PICTURE)


@behaviour("/two-lengths")
async def two_lengths(exchange: Exchange) -> None:
    await exchange.send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Length: 2052\r\n\r\n" + PICTURE
    )


@behaviour("/negative-length")
async def negative_length(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + PICTURE)


@behaviour("/overflowing-length")
async def overflowing_length(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n")


@behaviour("/length-and-chunked")
async def length_and_chunked(exchange: Exchange) -> None:
    await exchange.send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"804\r\n" + PICTURE + b"\r\n0\r\n\r\n"
    )


@behaviour("/cut-chunk")
async def cut_chunk(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n804\r\n\xff\xd8")


@behaviour("/missing-last-chunk")
async def missing_last_chunk(exchange: Exchange) -> None:
    await exchange.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n804\r\n" + PICTURE + b"\r\n"
    )


@behaviour("/bad-chunk-size")
async def bad_chunk_size(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + PICTURE)


@behaviour("/reset-at-once")
async def reset_at_once(exchange: Exchange) -> None:
    await exchange.reset()


@behaviour("/reset-in-body")
async def reset_in_body(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + PICTURE)
    await asyncio.sleep(0.02)
    await exchange.reset()


@behaviour("/close-at-once")
async def close_at_once(exchange: Exchange) -> None:
    return


@behaviour("/cut-headers")
async def cut_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Le")


@behaviour("/not-http")
async def not_http(exchange: Exchange) -> None:
    await exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n")


@behaviour("/binary-noise")
async def binary_noise(exchange: Exchange) -> None:
    await exchange.send(bytes(range(256)) * 16)


@behaviour("/upgrade")
async def upgrade(exchange: Exchange) -> None:
    await exchange.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
    )
    await _endless(exchange, b"x" * 65_536)


@behaviour("/empty")
async def empty(exchange: Exchange) -> None:
    await exchange.answer()


@behaviour("/no-content")
async def no_content(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 204 No Content\r\n\r\n")


@behaviour("/html-with-200")
async def html_with_200(exchange: Exchange) -> None:
    await exchange.answer(headers={"Content-Type": "text/html"}, body=b"<html>Sorry!</html>")


@behaviour("/unreadable-headers")
async def unreadable_headers(exchange: Exchange) -> None:
    await exchange.send(
        b"HTTP/1.1 200 OK\r\nContent-Type: image/\xff\xfe\r\nETag: " + b"e" * 4_000 + b"\r\n"
        b"Set-Cookie: who=me\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd"
    )


@behaviour("/answers-twice")
async def answers_twice(exchange: Exchange) -> None:
    """Slip the answer to the next request in behind the first one."""
    exchange.keep_alive = True
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    await exchange.send(one + b"first!" + one + b"forged")


# --- compressed answers ---

ZEROS = bytes(1_000_000)


def gzip_bomb(megabytes: int) -> bytes:
    """Return gzip data of about a thousandth of the size that it unpacks to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(ZEROS) for _ in range(megabytes)) + packer.flush()


def _encoded(encoding: str, body: bytes) -> Behaviour:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(headers={"Content-Encoding": encoding}, body=body)

    return answer


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


BEHAVIOURS |= {
    "/gzip": _encoded("gzip", gzip.compress(PICTURE)),
    "/deflate": _encoded("deflate", zlib.compress(PICTURE)),
    "/raw-deflate": _encoded("deflate", _raw_deflate(PICTURE)),
    "/aws-chunked": _encoded("aws-chunked", PICTURE),
    "/gzip-bomb": _encoded("gzip", gzip_bomb(300)),
    "/gzip-cut": _encoded("gzip", gzip.compress(PICTURE)[:-20]),
    "/gzip-lie": _encoded("gzip", PICTURE),
    "/gzip-of-nothing": _encoded("gzip", gzip.compress(b"")),
    "/brotli": _encoded("br", b"\x0b\x02\x80hello\x03"),
    "/gzip-twice": _encoded("gzip, gzip", gzip.compress(gzip.compress(PICTURE))),
}


# --- certificates ---


def self_signed_context(folder: Path, *, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS context with a fresh certificate, and the certificate's file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    address = x509.IPAddress(ipaddress.ip_address(host))
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([address]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    certificate_file = folder / "certificate.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = folder / "key.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file
