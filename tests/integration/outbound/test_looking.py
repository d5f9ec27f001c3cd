"""A look at an image: its first bytes, and what its host says of the rest."""

import asyncio
import gzip
import random
from collections.abc import Iterator

import pytest

from app.domain.errors import HttpStatusError, ImageError
from app.outbound.fetch import FetchedHead
from tests.hostile_server import BEHAVIOURS, PICTURE, Exchange, HostileServer
from tests.integration.outbound.parts import MAX_BYTES, image_fetcher
from tests.integration.outbound.test_misbehaving_hosts import fetch_once

KIB_64 = 65_536
LARGE = bytes(range(256)) * 2_000


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def look(url: str) -> FetchedHead:
    async def run() -> FetchedHead:
        async with image_fetcher() as fetcher:
            return await fetcher.look(url)

    return asyncio.run(run())


def in_part(data: bytes, *, total: str | None = None):  # type: ignore[no-untyped-def]
    async def answer(exchange: Exchange) -> None:
        unit, _, wanted = exchange.headers["range"].partition("=")
        first, last = (int(each) for each in wanted.split("-"))
        part = data[first : last + 1]
        exchange.keep_alive = True
        said = f"{unit} {first}-{first + len(part) - 1}/{total or len(data)}"
        headers = {"Content-Type": "image/png", "Content-Range": said}
        await exchange.answer("206 Partial Content", headers, part)

    return answer


def test_a_host_that_sends_parts_is_asked_for_the_first_64_kib(server: HostileServer) -> None:
    server.on("/large.png", in_part(LARGE))
    url = server.url("/large.png")
    looked = look(f"{url}#top")
    assert looked == FetchedHead(LARGE[:KIB_64], len(LARGE), "image/png", url)
    assert server.requests[0].headers["range"] == "bytes=0-65535"
    server.on("/small.png", in_part(PICTURE))
    assert look(server.url("/small.png")).data == PICTURE
    server.on("/unknown.png", in_part(PICTURE, total="*"))
    assert look(server.url("/unknown.png")).size_bytes is None


def test_a_host_that_sends_all_of_it_is_read_no_further(server: HostileServer) -> None:
    server.serve("/large.jpg", LARGE)
    looked = look(server.url("/large.jpg"))
    assert (looked.data, looked.size_bytes) == (LARGE[:KIB_64], len(LARGE))
    assert look(server.url("/good.jpg")).size_bytes == len(PICTURE)
    chunked = look(server.url("/chunked.jpg"))
    assert (chunked.data, chunked.size_bytes) == (PICTURE, None)


def test_a_host_that_never_ends_is_hung_up_on(server: HostileServer) -> None:
    assert look(server.url("/endless-body")).data == b"\xff" * KIB_64
    # Not ours to count is what the buffers of the system take.
    assert server.bytes_sent_endlessly < 8_000_000


def test_the_connections_of_answers_in_part_are_used_again(server: HostileServer) -> None:
    server.on("/large.png", in_part(LARGE))

    async def run() -> None:
        async with image_fetcher() as fetcher:
            for _ in range(5):
                await fetcher.look(server.url("/large.png"))

    asyncio.run(run())
    assert server.connections == 1


def test_redirects_and_cookies_are_as_in_a_fetch(server: HostileServer) -> None:
    async def doorman(exchange: Exchange) -> None:
        if exchange.headers.get("cookie") == "visit=1":
            await in_part(LARGE)(exchange)
        else:
            headers = {"Location": "/door.png", "Set-Cookie": "visit=1"}
            await exchange.answer("302 Found", headers)

    server.on("/door.png", doorman)
    assert look(server.url("/door.png")).size_bytes == len(LARGE)
    assert {one.headers["range"] for one in server.requests} == {"bytes=0-65535"}


@pytest.mark.parametrize(
    ("status", "headers", "code", "words"),
    [
        ("416 No", {}, "not_an_image", "empty file"),
        ("416 No", {"Content-Range": "bytes */0"}, "not_an_image", "empty file"),
        ("416 No", {"Content-Range": "bytes */100"}, "http_status", "416"),
        ("200 OK", {}, "not_an_image", "empty file"),
        ("206 Part", {"Content-Range": "bytes 5-9/100"}, "http_status", "206"),
        ("206 Part", {"Content-Range": "bytes 0-9/1000001"}, "response_too_large", "1,000,000"),
        ("204 No", {}, "not_an_image", "without a file"),
        ("404 No", {}, "http_status", "404"),
        ("403 No", {}, "http_status", "HOSTS_FILE"),
        ("429 Slow", {"Retry-After": "7200"}, "http_status", "429"),
    ],
)
def test_what_is_no_file_fails_as_in_a_fetch(
    server: HostileServer, status: str, headers: dict[str, str], code: str, words: str
) -> None:
    server.serve("/a.jpg", b"", status=status, headers=headers)
    with pytest.raises(ImageError) as failure:
        look(server.url("/a.jpg"))
    assert failure.value.code == code
    assert words in failure.value.message


def test_a_file_that_is_too_large_is_known_before_it_is_fetched(server: HostileServer) -> None:
    for path, data in (("/fits", bytes(MAX_BYTES)), ("/not", bytes(MAX_BYTES + 1))):
        server.serve(path, data)
    assert look(server.url("/fits")).size_bytes == MAX_BYTES
    with pytest.raises(ImageError) as failure:
        look(server.url("/not"))
    assert failure.value.code == "response_too_large"


def test_compressed_answers_are_unpacked_as_far_as_they_go(server: HostileServer) -> None:
    noise = random.Random(7).randbytes(200_000)
    for path, data in (("/noise", noise), ("/flat", bytes(900_000)), ("/small", PICTURE)):
        server.serve(path, gzip.compress(data), headers={"Content-Encoding": "gzip"})
        looked = look(server.url(path))
        assert data.startswith(looked.data)
        assert min(len(data), 60_000) <= len(looked.data) <= KIB_64
        assert looked.size_bytes is None
    server.serve("/br", PICTURE, headers={"Content-Encoding": "br"})
    with pytest.raises(ImageError) as failure:
        look(server.url("/br"))
    assert failure.value.code == "not_an_image"


@pytest.mark.parametrize("path", sorted(BEHAVIOURS))
def test_a_misbehaving_host_ends_a_look_in_time_with_an_image_or_one_of_our_errors(
    server: HostileServer, path: str
) -> None:
    async def run() -> FetchedHead | ImageError:
        async with image_fetcher() as fetcher:
            try:
                return await fetcher.look(server.url(path))
            except ImageError as error:
                return error

    ended = asyncio.run(asyncio.wait_for(run(), 5))
    if isinstance(ended, FetchedHead):
        assert 0 < len(ended.data) <= KIB_64


def test_a_416_that_no_range_asked_for_stays_a_status(server: HostileServer) -> None:
    server.serve("/a.jpg", b"", status="416 No")
    ended = fetch_once(server.url("/a.jpg"))
    assert isinstance(ended, HttpStatusError)
