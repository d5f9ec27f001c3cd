"""One attempt is one request, whatever the host does with the connection that was kept."""

import asyncio

import pytest

from app.domain.errors import ConnectFailed, FetchTimeout
from app.outbound import client
from app.outbound.fetch import ImageFetcher
from tests.hostile_server import PICTURE, Exchange, HostileServer
from tests.integration.outbound.parts import image_fetcher


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_kept_connection_that_dies_costs_the_attempt_and_no_second_request(how: str) -> None:
    async def die(exchange: Exchange) -> None:
        if how == "reset":
            await exchange.reset()

    async def attempt(server: HostileServer) -> None:
        async with image_fetcher() as fetcher:
            assert (await fetcher.fetch(server.url("/good.jpg"))).data == PICTURE
            with pytest.raises(ConnectFailed) as failure:
                await fetcher.fetch(server.url("/dies.jpg"))
            assert failure.value.retryable

    with HostileServer() as server:
        server.on("/dies.jpg", die)
        for attempts in range(1, 5):
            asyncio.run(attempt(server))
            assert [one.path for one in server.requests].count("/dies.jpg") == attempts
            # It was a kept connection that died.
            assert server.connections == attempts


async def answer_and_close(exchange: Exchange) -> None:
    """Close a connection that the answer seems to keep, as HTTP/1.1 does where nothing is said."""
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE)


async def failures(fetcher: ImageFetcher, url: str, *, fetches: int) -> int:
    failed = 0
    for _ in range(fetches):
        try:
            await fetcher.fetch(url)
        except ConnectFailed:
            failed += 1
    return failed


def test_a_host_that_closes_without_saying_so_costs_one_attempt_and_then_gets_new_connections() -> (
    None
):
    async def run(server: HostileServer) -> tuple[int, int]:
        async with image_fetcher() as fetcher:
            closing = await failures(fetcher, server.url("/closes.jpg"), fetches=50)
            before = server.connections
            await failures(fetcher, server.url("/good.jpg"), fetches=5)
            return closing, server.connections - before

    with HostileServer() as server:
        server.on("/closes.jpg", answer_and_close)
        failed, connections = asyncio.run(run(server))
        assert failed <= 1
        assert connections == (5 if failed else 1)


def test_after_a_minute_the_connections_of_such_a_host_are_kept_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "FRESH_SECONDS", -1.0)

    async def run(server: HostileServer) -> int:
        async with image_fetcher() as fetcher:
            await failures(fetcher, server.url("/closes.jpg"), fetches=10)
            before = server.connections
            assert await failures(fetcher, server.url("/good.jpg"), fetches=5) <= 1
            return server.connections - before

    with HostileServer() as server:
        server.on("/closes.jpg", answer_and_close)
        assert asyncio.run(run(server)) <= 1


def test_a_fetch_that_we_give_up_says_nothing_about_its_host() -> None:
    async def run(server: HostileServer) -> None:
        async with image_fetcher(timeout_seconds=0.2) as fetcher:
            await fetcher.fetch(server.url("/good.jpg"))
            with pytest.raises(FetchTimeout):
                await fetcher.fetch(server.url("/hang"))
            for _ in range(3):
                await fetcher.fetch(server.url("/good.jpg"))

    with HostileServer() as server:
        asyncio.run(run(server))
        assert server.connections == 2
