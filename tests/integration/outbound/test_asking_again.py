"""Fetches of files that are known already: what is asked, whom, and which answers count."""

import asyncio
from collections.abc import Iterator

import pytest

from app.domain.errors import HttpStatusError
from app.outbound.fetch import FetchedImage, Validators
from tests.hostile_server import PICTURE, Exchange, HostileServer
from tests.integration.outbound.parts import image_fetcher, names

DATE = "Tue, 03 Nov 2026 10:00:00 GMT"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        server.on("/known.jpg", known)
        yield server


async def known(exchange: Exchange) -> None:
    """304 to everybody who asks with a condition."""
    exchange.keep_alive = True
    if {"if-none-match", "if-modified-since"} & {name.lower() for name in exchange.headers}:
        await exchange.answer("304 Not Modified", {"ETag": '"abc"', "Content-Length": "6"})
    else:
        await exchange.answer(headers={"ETag": '"abc"'}, body=PICTURE)


def ask(url: str, known: Validators) -> FetchedImage | None:
    async def run() -> FetchedImage | None:
        async with image_fetcher(lookup=names({"a.test": ["127.0.0.1"]})) as fetcher:
            return await fetcher.fetch_if_changed(url, known)

    return asyncio.run(run())


def conditions(exchange: Exchange) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in exchange.headers.items()
        if name.lower().startswith("if-")
    }


@pytest.mark.parametrize(
    ("etag", "date", "sent"),
    [
        ('"abc"', None, {"if-none-match": '"abc"'}),
        (None, DATE, {"if-modified-since": DATE}),
        ('W/"abc"', DATE, {"if-none-match": 'W/"abc"', "if-modified-since": DATE}),
    ],
)
def test_an_unchanged_file_is_asked_for_with_what_is_known_and_is_not_sent(
    server: HostileServer, etag: str | None, date: str | None, sent: dict[str, str]
) -> None:
    url = server.url("/known.jpg")
    assert ask(f"{url}#top", Validators(url, etag, date)) is None
    assert conditions(server.requests[0]) == sent


def test_a_changed_file_comes_as_from_any_fetch(server: HostileServer) -> None:
    url = server.url("/good.jpg")
    changed = ask(url, Validators(url, '"old"', DATE))
    assert changed is not None
    assert (changed.data, changed.etag) == (PICTURE, '"abc"')


def test_without_anything_known_a_304_stays_an_error(server: HostileServer) -> None:
    server.serve("/304.jpg", b"", status="304 Not Modified")
    url = server.url("/304.jpg")
    with pytest.raises(HttpStatusError) as caught:
        ask(url, Validators(url, None, None))
    assert caught.value.http_status == 304

    async def plain() -> None:
        async with image_fetcher() as fetcher:
            await fetcher.fetch(url)

    with pytest.raises(HttpStatusError):
        asyncio.run(plain())


def test_only_the_address_that_said_it_is_asked_with_it(server: HostileServer) -> None:
    here, there = server.url("/here.jpg"), server.url("/known.jpg")
    server.serve("/here.jpg", b"", status="302 Found", headers={"Location": "/known.jpg"})
    assert ask(here, Validators(there, '"abc"', DATE)) is None
    assert [bool(conditions(one)) for one in server.requests] == [False, True]
    # The same file under another name of the same server is another's.
    server.requests.clear()
    assert (
        ask(there, Validators(server.url("/known.jpg", host="a.test"), '"abc"', None)) is not None
    )
    assert conditions(server.requests[0]) == {}


def test_the_connection_of_an_unchanged_answer_is_used_again(server: HostileServer) -> None:
    url = server.url("/known.jpg")

    async def run() -> None:
        async with image_fetcher() as fetcher:
            for _ in range(5):
                assert await fetcher.fetch_if_changed(url, Validators(url, '"abc"', None)) is None
            assert (await fetcher.fetch(url)).data == PICTURE

    asyncio.run(run())
    assert server.connections == 1


def test_a_body_after_a_304_is_not_taken_for_the_next_answer(server: HostileServer) -> None:
    async def lying(exchange: Exchange) -> None:
        exchange.keep_alive = True
        await exchange.answer(
            "304 Not Modified", body=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nX"
        )

    server.on("/lying.jpg", lying)
    url = server.url("/lying.jpg")

    async def run() -> bytes:
        async with image_fetcher() as fetcher:
            assert await fetcher.fetch_if_changed(url, Validators(url, '"abc"', None)) is None
            return (await fetcher.fetch(server.url("/good.jpg"))).data

    assert asyncio.run(run()) == PICTURE
