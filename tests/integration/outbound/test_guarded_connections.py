"""Nothing reaches an address that the guard refuses: counted at a listening server."""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import aiohttp
import pytest

from app.domain.errors import AddressBlocked, DnsFailed, ImageError, InvalidUrl
from app.outbound.client import open_session
from app.outbound.failures import translate
from app.outbound.guard import BLOCKED_MESSAGE, AddressGuard
from app.outbound.resolver import GuardedResolver, SystemLookup
from tests.hostile_server import PICTURE, HostileServer
from tests.integration.outbound.parts import LOOPBACK_TOO, PUBLIC_ONLY, image_fetcher, names
from tests.unit.outbound.cases import BLOCKED_URLS, INVALID_URLS


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def loopback_spellings(port: int) -> list[str]:
    """All spellings of 127.0.0.1 with the port of a server that would answer."""
    hosts = [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1."),
        *("１２７.0.0.1", "%31%32%37.0.0.1", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "0.0.0.0", "0"),
        *("localhost", "LOCALHOST"),
    ]
    return [f"http://{host}:{port}/good.jpg" for host in hosts]


def test_no_dangerous_address_is_connected_to(server: HostileServer) -> None:
    urls = [*BLOCKED_URLS, *INVALID_URLS, *loopback_spellings(server.port)]
    before = server.connections

    async def refusals() -> list[ImageError]:
        refused = []
        async with image_fetcher(PUBLIC_ONLY) as fetcher:
            for url in urls:
                with pytest.raises((AddressBlocked, InvalidUrl)) as refusal:
                    await fetcher.fetch(url)
                refused.append(refusal.value)
        return refused

    refused = asyncio.run(refusals())
    assert len(refused) == len(urls)
    blocked = {each.message for each in refused if isinstance(each, AddressBlocked)}
    assert blocked == {BLOCKED_MESSAGE}
    assert server.connections == before


def test_an_allowed_network_is_fetched_in_every_spelling(server: HostileServer) -> None:
    async def fetch_all() -> None:
        async with image_fetcher(LOOPBACK_TOO) as fetcher:
            for host in ("127.0.0.1", "127.1", "0x7f000001", "１２７.0.0.1"):
                image = await fetcher.fetch(f"http://{host}:{server.port}/good.jpg")
                assert image.data == PICTURE
                assert image.final_url == f"http://127.0.0.1:{server.port}/good.jpg"

    asyncio.run(fetch_all())


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["2606:4700::1111", "8.8.8.8", "10.0.0.1"],
        ["8.8.8.8", "::1"],
        ["8.8.8.8", "::ffff:8.8.8.8"],
        ["8.8.8.8", "fe80::1%eth0"],
        [*(f"8.8.{i // 250}.{i % 250 + 1}" for i in range(2_000)), "169.254.169.254"],
    ],
    ids=lambda answers: ",".join(answers[-3:]),
)
def test_a_name_with_one_bad_address_is_refused(server: HostileServer, answers: list[str]) -> None:
    before = server.connections

    async def fetch() -> None:
        async with image_fetcher(PUBLIC_ONLY, lookup=names({"shop.example": answers})) as fetcher:
            with pytest.raises(AddressBlocked) as refusal:
                await fetcher.fetch(server.url("/good.jpg", host="shop.example"))
            assert refusal.value.message == BLOCKED_MESSAGE

    asyncio.run(fetch())
    assert server.connections == before


def test_a_name_that_turns_bad_between_two_fetches_is_refused(server: HostileServer) -> None:
    # 127.0.0.2 stands for a public address here, 127.0.0.1 for a private one.
    guard = AddressGuard([ip_network("127.0.0.2/32")])
    lookup = names({"shop.example": [["127.0.0.2"], ["127.0.0.1"]]})
    url = f"http://shop.example:{server.port}/good.jpg"

    async def fetch_twice() -> None:
        async with image_fetcher(guard, lookup=lookup) as fetcher:
            # Nothing listens on 127.0.0.2, so there is no connection that could be kept.
            with pytest.raises(ImageError) as first:
                await fetcher.fetch(url)
            assert first.value.code == "connect_failed"
            connector: Any = fetcher._session.connector  # type: ignore[union-attr]
            connector.clear_dns_cache()
            with pytest.raises(AddressBlocked):
                await fetcher.fetch(url)

    before = server.connections
    asyncio.run(fetch_twice())
    assert server.connections == before


class LyingResolver(aiohttp.abc.AbstractResolver):
    """Answers unchecked addresses, as a poisoned cache would."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        return [
            {"hostname": host, "host": each, "port": port, "family": 0, "proto": 0, "flags": 0}
            for each in self.addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["127.0.0.1", "127.0.0.1"], ["127.0.0.1", "::1"], ["::1"]]
)
@pytest.mark.parametrize("host", ["shop.example", "127.0.0.1"])
def test_the_socket_is_checked_even_when_the_resolver_lies(
    server: HostileServer, host: str, addresses: list[str]
) -> None:
    before = server.connections

    async def get() -> None:
        async with open_session(
            PUBLIC_ONLY,
            LyingResolver(*addresses),
            user_agent="test",
            connections_per_host=4,
            keep_alive=True,
        ) as session:
            with pytest.raises(aiohttp.ClientError) as refusal:
                await session.get(server.url("/good.jpg", host=host))
            assert isinstance(translate(refusal.value, "The image's host"), AddressBlocked)

    asyncio.run(get())
    assert server.connections == before


def test_the_port_of_a_socket_is_checked_as_well(server: HostileServer) -> None:
    guard = AddressGuard([ip_network("127.0.0.0/8")], allowed_ports=[range(443, 444)])
    before = server.connections

    async def get() -> None:
        async with open_session(
            guard,
            LyingResolver("127.0.0.1"),
            user_agent="test",
            connections_per_host=4,
            keep_alive=True,
        ) as session:
            with pytest.raises(aiohttp.ClientError) as refusal:
                await session.get(server.url("/good.jpg", host="shop.example"))
            assert isinstance(translate(refusal.value, "The image's host"), AddressBlocked)

    asyncio.run(get())
    assert server.connections == before


def test_the_checked_address_is_connected_to_under_the_hosts_name(server: HostileServer) -> None:
    async def fetch() -> None:
        lookup = names({"shop.example": ["127.0.0.1"]})
        async with image_fetcher(LOOPBACK_TOO, lookup=lookup) as fetcher:
            image = await fetcher.fetch(server.url("/good.jpg", host="shop.example"))
            assert image.data == PICTURE

    asyncio.run(fetch())
    assert server.requests[-1].headers["host"] == f"shop.example:{server.port}"


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/x.jpg",
        "http://169.254.169.254/latest/meta-data/",
        "//127.0.0.3/x.jpg",
        "http://[::1]/x.jpg",
        "http://inside.example/x.jpg",
        "http://127.0.0.1:22/",
    ],
)
def test_a_redirect_to_a_private_address_is_refused(server: HostileServer, location: str) -> None:
    # Only the server's own address is allowed, so that every other one counts as private.
    guard = AddressGuard([ip_network("127.0.0.1/32")])
    server.serve("/away", b"", status="302 Found", headers={"Location": location})

    async def fetch() -> None:
        lookup = names({"inside.example": ["192.168.0.7"]})
        async with image_fetcher(guard, lookup=lookup) as fetcher:
            with pytest.raises(AddressBlocked) as refusal:
                await fetcher.fetch(server.url("/away"))
            assert refusal.value.message == BLOCKED_MESSAGE

    asyncio.run(fetch())


@pytest.mark.parametrize("location", ["ftp://example.com/", "file:///etc/passwd", "http://u:p@h/"])
def test_a_redirect_to_something_else_than_a_web_address_is_invalid(
    server: HostileServer, location: str
) -> None:
    server.serve("/odd", b"", status="302 Found", headers={"Location": location})

    async def fetch() -> None:
        async with image_fetcher() as fetcher:
            with pytest.raises(InvalidUrl, match="The image's host redirects to a bad address"):
                await fetcher.fetch(server.url("/odd"))

    asyncio.run(fetch())


def test_unknown_and_empty_names_are_dns_failures() -> None:
    async def fetch() -> None:
        async with image_fetcher(lookup=names({"empty.example": []})) as fetcher:
            for host in ("unknown.example", "empty.example"):
                with pytest.raises(DnsFailed) as failure:
                    await fetcher.fetch(f"http://{host}/x.jpg")
                assert failure.value.retryable

    asyncio.run(fetch())


def test_a_name_server_that_hangs_stops_no_other_name(server: HostileServer) -> None:
    async def lookup(host: str) -> list[str]:
        if host == "stuck.example":
            await asyncio.sleep(3600)
        return ["127.0.0.1"]

    async def fetch() -> None:
        async with image_fetcher(lookup=lookup) as fetcher:
            stuck = asyncio.create_task(fetcher.fetch("http://stuck.example/x.jpg"))
            await asyncio.sleep(0.01)
            image = await fetcher.fetch(server.url("/good.jpg", host="quick.example"))
            assert image.data == PICTURE
            assert not stuck.done()
            with pytest.raises(ImageError) as failure:
                await stuck
            assert failure.value.code == "timeout"

    asyncio.run(fetch())


def test_the_systems_resolver_gives_addresses_of_both_families_and_no_exceptions() -> None:
    async def resolve() -> None:
        lookup = SystemLookup()
        assert "127.0.0.1" in await lookup("localhost")
        with pytest.raises(socket.gaierror):
            await lookup("a" * 64)  # too long for a name server to be asked
        lookup.close()
        resolver = GuardedResolver(PUBLIC_ONLY)
        with pytest.raises(AddressBlocked):
            await resolver.addresses("localhost")
        await resolver.close()

    asyncio.run(resolve())
