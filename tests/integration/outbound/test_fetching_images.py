"""What a fetch sends, what it follows and what it hands on."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.errors import (
    ConnectFailed,
    HttpStatusError,
    HttpStatusRetryable,
    ResponseTooLarge,
    TlsFailed,
    TooManyRedirects,
)
from app.outbound.fetch import FetchedImage
from tests.hostile_server import PICTURE, Exchange, HostileServer, self_signed_context
from tests.integration.outbound.parts import image_fetcher, names


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture
def tls_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileServer]:
    """A server with https whose certificate the operator trusts."""
    context, certificate_file = self_signed_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_file))
    with HostileServer(tls=context) as server:
        yield server


def fetch(url: str, *, max_bytes: int = 1_000_000) -> FetchedImage:
    async def run() -> FetchedImage:
        async with image_fetcher(max_bytes=max_bytes) as fetcher:
            return await fetcher.fetch(url)

    return asyncio.run(run())


def test_a_picture_comes_with_what_the_host_says_of_it(server: HostileServer) -> None:
    url = server.url("/good.jpg")
    assert fetch(f"{url}#top") == FetchedImage(
        data=PICTURE,
        content_type="image/jpeg",
        etag='"abc"',
        last_modified="Tue, 03 Nov 2026 10:00:00 GMT",
        final_url=url,
    )


def test_headers_that_cannot_be_stored_as_text_are_left_out(server: HostileServer) -> None:
    image = fetch(server.url("/unreadable-headers"))
    assert (image.data, image.content_type, image.etag) == (b"abcd", None, None)


def test_html_is_handed_on_for_the_decoder_to_judge(server: HostileServer) -> None:
    image = fetch(server.url("/html-with-200"))
    assert (image.data, image.content_type) == (b"<html>Sorry!</html>", "text/html")


def test_the_request_says_who_asks_and_for_what(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Nothing of the machine may go along: proxies, a .netrc with passwords, cookies.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("machine shop.example login me password geheim\n")

    async def fetch_twice() -> None:
        async with image_fetcher(lookup=names({"shop.example": ["127.0.0.1"]})) as fetcher:
            for path in ("/unreadable-headers", "/bücher/a b.jpg?q=ü"):  # the first sets a cookie
                await fetcher.fetch(server.url(path, host="shop.example"))

    server.serve("/b%C3%BCcher/a%20b.jpg", PICTURE)
    asyncio.run(fetch_twice())
    request = server.requests[-1]
    assert (request.method, request.path) == ("GET", "/b%C3%BCcher/a%20b.jpg?q=%C3%BC")
    assert request.headers == {
        "host": f"shop.example:{server.port}",
        "user-agent": "ImageProcessingService/test (+https://shop.example/contact)",
        "accept": "image/*, */*;q=0.1",
        "accept-encoding": "identity",
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_without_reading_their_bodies(
    server: HostileServer, status: int
) -> None:
    location = {"Location": "/good.jpg?moved"}
    server.serve("/old/a.jpg", b"It is over there.", status=f"{status} Moved", headers=location)
    image = fetch(server.url("/old/a.jpg"))
    assert image.data == PICTURE
    assert image.final_url == server.url("/good.jpg?moved")


def test_a_location_in_raw_bytes_is_followed(server: HostileServer) -> None:
    async def redirect(exchange: Exchange) -> None:
        head = "HTTP/1.1 302 Found\r\nLocation: /{}.jpg\r\nConnection: close\r\n\r\n"
        name = exchange.path.partition("?")[2]
        await exchange.send(head.encode().replace(b"{}", bytes.fromhex(name)))

    server.on("/moved", redirect)
    server.serve("/%C3%BC.jpg", PICTURE)
    server.serve("/%FC.jpg", PICTURE)
    assert fetch(server.url("/moved?c3bc")).final_url == server.url("/%C3%BC.jpg")
    assert fetch(server.url("/moved?fc")).final_url == server.url("/%FC.jpg")


def test_five_redirects_are_followed_and_six_are_not(server: HostileServer) -> None:
    for step in range(6):
        server.serve(f"/{step}", b"", status="302 Found", headers={"Location": f"/{step + 1}"})
    server.serve("/6", PICTURE)
    assert fetch(server.url("/1")).data == PICTURE
    with pytest.raises(TooManyRedirects, match="redirects more than 5 times"):
        fetch(server.url("/0"))


def test_a_redirect_that_leads_nowhere_says_so(server: HostileServer) -> None:
    server.serve("/nowhere", b"", status="302 Found")
    with pytest.raises(HttpStatusError, match="without saying where to") as failure:
        fetch(server.url("/nowhere"))
    assert failure.value.http_status == 302


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("404 Not Here", "The image's host answered 404 (not found)."),
        ("206 Part", "The image's host answered 206 (partial content)."),
        ("304 Same", "The image's host answered 304 (not modified)."),
        ("202 Later", "The image's host answered 202 (accepted)."),
        ("999 Denied", "The image's host answered 999."),
    ],
)
def test_other_statuses_fail_at_once(server: HostileServer, status: str, message: str) -> None:
    server.serve("/a.jpg", b"", status=status)
    with pytest.raises(HttpStatusError) as failure:
        fetch(server.url("/a.jpg"))
    assert not failure.value.retryable
    assert failure.value.message == message
    assert failure.value.http_status == int(status.split()[0])


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        ("429 Slow Down", "7", 7.0),
        ("429 Slow Down", "999999999999", 315_360_000.0),
        ("503 Later", "Fri, 01 Jan 2100 00:00:00 GMT", 315_360_000.0),
        ("503 Later", "Fri, 01 Jan 2010 00:00:00 GMT", 0.0),
        ("500 Oops", None, None),
        ("502 Oops", "whenever", None),
        ("408 Slow", None, None),
    ],
)
def test_statuses_that_may_pass_are_retryable_with_the_pause_that_was_asked_for(
    server: HostileServer, status: str, retry_after: str | None, seconds: float | None
) -> None:
    headers = {"Retry-After": retry_after} if retry_after else {}
    server.serve("/busy.jpg", b"", status=status, headers=headers)
    with pytest.raises(HttpStatusRetryable) as failure:
        fetch(server.url("/busy.jpg"))
    assert failure.value.retryable
    assert failure.value.retry_after_seconds == seconds


def test_the_largest_allowed_file_passes_and_one_byte_more_does_not(server: HostileServer) -> None:
    async def without_length(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(int(exchange.path.split("?")[1])))

    server.on("/without-length", without_length)
    server.serve("/500000", bytes(500_000))
    server.serve("/500001", bytes(500_001))
    for path in ("/500000", "/without-length?500000"):
        assert len(fetch(server.url(path), max_bytes=500_000).data) == 500_000
    for path in ("/500001", "/without-length?500001"):
        with pytest.raises(ResponseTooLarge, match="larger than the 500,000 bytes"):
            fetch(server.url(path), max_bytes=500_000)


def test_waiting_for_a_connection_ends_when_one_is_free(server: HostileServer) -> None:
    server.serve("/slow.jpg", PICTURE, delay_seconds=0.05)

    async def run() -> float:
        async with image_fetcher(connections_per_host=2) as fetcher:
            started = time.monotonic()
            await asyncio.gather(*(fetcher.fetch(server.url("/slow.jpg")) for _ in range(8)))
            return time.monotonic() - started

    assert asyncio.run(run()) >= 0.2


# --- https ---


def test_https_is_fetched_from_a_host_with_a_trusted_certificate(
    tls_server: HostileServer,
) -> None:
    assert fetch(tls_server.url("/good.jpg")).data == PICTURE


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context, _ = self_signed_context(tmp_path)
    with HostileServer(tls=context) as server:
        with pytest.raises(TlsFailed, match="has no valid certificate"):
            fetch(server.url("/good.jpg"))
        assert server.requests == []


def test_a_certificate_for_another_name_is_refused(tls_server: HostileServer) -> None:
    async def run() -> None:
        async with image_fetcher(lookup=names({"shop.example": ["127.0.0.1"]})) as fetcher:
            with pytest.raises(TlsFailed, match="has no valid certificate"):
                await fetcher.fetch(tls_server.url("/good.jpg", host="shop.example"))

    asyncio.run(run())
    assert tls_server.requests == []


def test_https_to_a_server_without_it_is_a_tls_failure() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def run() -> None:
        plain = await asyncio.start_server(refuse, "127.0.0.1", 0)
        async with plain, image_fetcher() as fetcher:
            port = plain.sockets[0].getsockname()[1]
            with pytest.raises(TlsFailed, match="does not speak https"):
                await fetcher.fetch(f"https://127.0.0.1:{port}/good.jpg")

    asyncio.run(run())


def test_a_connection_that_ends_during_the_handshake_is_retryable() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.close()

    async def run() -> None:
        plain = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with plain, image_fetcher() as fetcher:
            port = plain.sockets[0].getsockname()[1]
            with pytest.raises(ConnectFailed) as failure:
                await fetcher.fetch(f"https://127.0.0.1:{port}/good.jpg")
            assert failure.value.retryable

    asyncio.run(run())


def test_a_redirect_from_https_to_http_is_refused(
    tls_server: HostileServer, server: HostileServer
) -> None:
    location = {"Location": server.url("/good.jpg")}
    tls_server.serve("/down", b"", status="301 Moved", headers=location)
    with pytest.raises(HttpStatusError, match="from https to http") as failure:
        fetch(tls_server.url("/down"))
    assert (failure.value.http_status, failure.value.retryable) == (301, False)
    assert server.connections == 0


def test_a_redirect_from_http_to_https_is_followed(
    tls_server: HostileServer, server: HostileServer
) -> None:
    location = {"Location": tls_server.url("/good.jpg")}
    server.serve("/up", b"", status="301 Moved", headers=location)
    assert fetch(server.url("/up")).final_url == tls_server.url("/good.jpg")
