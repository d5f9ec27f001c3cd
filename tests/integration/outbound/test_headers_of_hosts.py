"""What HOSTS_FILE says of a host is sent to this host, at every hop, and to nobody else."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app.domain.hosts.rules import HostRules
from app.outbound.fetch import Validators
from tests.hostile_server import PICTURE, Exchange, HostileServer
from tests.integration.outbound.parts import image_fetcher, names

LOOKUP = names({host: ["127.0.0.1"] for host in ("a.test", "b.test", "sub.a.test", "xn--4ca.test")})
OURS = "ImageProcessingService/test (+https://shop.example/contact)"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def fetch(tables: Mapping[str, Any], *urls: str) -> None:
    async def run() -> None:
        rules = HostRules.read(tables)
        async with image_fetcher(lookup=LOOKUP, rules=rules) as fetcher:
            for url in urls:
                assert (await fetcher.fetch(url)).data == PICTURE

    asyncio.run(run())


def sent(exchange: Exchange, *names: str) -> tuple[str | None, ...]:
    return tuple(exchange.headers.get(name) for name in names)


def test_headers_user_agent_and_referer_go_to_their_host_and_replace_ours(
    server: HostileServer,
) -> None:
    rule = {
        "headers": {"X-Key": "k", "accept": "image/webp"},
        "user_agent": "Shop/1",
        "referer": "https://shop.example/",
    }
    fetch(
        {"A.test": rule, "ä.test": {"referer": "https://ae.example/"}},
        server.url("/good.jpg", host="a.test"),
        server.url("/good.jpg", host="b.test"),
        server.url("/good.jpg", host="sub.a.test"),
        server.url("/good.jpg", host="Ä.test"),
    )
    named = ("x-key", "accept", "user-agent", "referer")
    ours = (None, "image/*, */*;q=0.1", OURS)
    assert [sent(one, *named) for one in server.requests] == [
        ("k", "image/webp", "Shop/1", "https://shop.example/"),
        (*ours, None),
        (*ours, None),
        (*ours, "https://ae.example/"),
    ]


def test_every_hop_of_a_redirect_is_judged_by_its_own_host(server: HostileServer) -> None:
    hops = {
        "/1": server.url("/2", host="b.test"),
        "/2": server.url("/3", host="a.test"),
        "/3": "/good.jpg",
    }
    for path, location in hops.items():
        server.serve(path, b"", status="302 Found", headers={"Location": location})
    rules = {"a.test": {"headers": {"X-Key": "a"}}, "b.test": {"user_agent": "b"}}
    fetch(rules, server.url("/1", host="a.test"))
    assert [sent(one, "x-key", "user-agent") for one in server.requests] == [
        ("a", OURS),
        (None, "b"),
        ("a", OURS),
        ("a", OURS),
    ]


def test_a_rule_for_a_port_is_for_this_port_only(server: HostileServer) -> None:
    with HostileServer() as other:
        fetch(
            {f"a.test:{server.port}": {"headers": {"X-Key": "k"}}},
            server.url("/good.jpg", host="a.test"),
            other.url("/good.jpg", host="a.test"),
        )
        assert sent(server.requests[0], "x-key") == ("k",)
        assert sent(other.requests[0], "x-key") == (None,)


def test_a_cookie_of_the_operator_s_stands_beside_those_of_the_chain(
    server: HostileServer,
) -> None:
    headers = {"Location": "/good.jpg", "Set-Cookie": "visit=1; Path=/"}
    server.serve("/first", b"", status="302 Found", headers=headers)
    fetch({"a.test": {"headers": {"Cookie": "key=k"}}}, server.url("/first", host="a.test"))
    assert [sent(one, "cookie") for one in server.requests] == [("key=k",), ("key=k; visit=1",)]


def test_conditions_and_headers_go_together(server: HostileServer) -> None:
    url = server.url("/good.jpg", host="a.test")

    async def run() -> None:
        rules = HostRules.read({"a.test": {"headers": {"X-Key": "k"}}})
        async with image_fetcher(lookup=LOOKUP, rules=rules) as fetcher:
            await fetcher.fetch_if_changed(url, Validators(url, '"old"', None))

    asyncio.run(run())
    assert sent(server.requests[0], "x-key", "if-none-match") == ("k", '"old"')
