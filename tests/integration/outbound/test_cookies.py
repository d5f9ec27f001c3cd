"""Cookies live within one redirect chain, and stay with the host that set them."""

import asyncio
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest

from app.domain.errors import TooManyRedirects
from app.outbound.fetch import FetchedImage
from app.outbound.redirects import MAX_COOKIES_PER_ANSWER
from tests.hostile_server import PICTURE, Exchange, HostileServer
from tests.integration.outbound.parts import image_fetcher, names

LOOKUP = names({"shop.test": ["127.0.0.1"], "cdn.shop.test": ["127.0.0.1"]})


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def fetch(*urls: str) -> list[FetchedImage]:
    """These one after the other, with one fetcher."""

    async def run() -> list[FetchedImage]:
        async with image_fetcher(lookup=LOOKUP) as fetcher:
            return [await fetcher.fetch(url) for url in urls]

    return asyncio.run(run())


def cookies(exchange: Exchange) -> dict[str, str]:
    return {name: each.value for name, each in SimpleCookie(exchange.headers.get("cookie")).items()}


async def redirect(exchange: Exchange, location: str, *lines: str) -> None:
    """A redirect with these Set-Cookie lines."""
    head = "".join(f"Set-Cookie: {line}\r\n" for line in lines)
    exchange.keep_alive = True
    await exchange.send(
        f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n{head}Content-Length: 0\r\n\r\n".encode()
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "shop.test"])
def test_a_first_visit_that_is_sent_back_to_itself_with_a_cookie_gets_the_picture(
    server: HostileServer, host: str
) -> None:
    async def doorman(exchange: Exchange) -> None:
        if cookies(exchange).get("visit") == "a b=c":
            await exchange.answer(body=PICTURE)
        else:
            await redirect(exchange, exchange.path, 'visit="a b=c"; Path=/; HttpOnly; SameSite=Lax')

    server.on("/a.jpg", doorman)
    url = server.url("/a.jpg?size=large", host=host)
    assert fetch(url)[0].data == PICTURE
    assert len(server.requests) == 2


def test_no_other_fetch_sees_a_cookie(server: HostileServer) -> None:
    async def set_one(exchange: Exchange) -> None:
        await redirect(exchange, "/good.jpg", "visit=1; Path=/; Max-Age=9999")

    server.on("/first.jpg", set_one)
    fetch(server.url("/first.jpg"), server.url("/good.jpg"), server.url("/first.jpg"))
    assert [cookies(one) for one in server.requests] == [{}, {"visit": "1"}, {}, {}, {"visit": "1"}]


def test_no_other_host_or_port_sees_a_cookie_even_where_its_domain_says_so(
    server: HostileServer,
) -> None:
    with HostileServer() as other:
        hops = iter(
            [
                server.url("/b", host="cdn.shop.test"),
                other.url("/b", host="shop.test"),
                server.url("/c", host="shop.test"),
            ]
        )

        async def onwards(exchange: Exchange) -> None:
            await redirect(exchange, next(hops), "visit=1; Domain=shop.test; Path=/")

        for each in (server, other):
            each.on("/a", onwards)
            each.on("/b", onwards)
        server.serve("/c", PICTURE)
        fetch(server.url("/a", host="shop.test"))
        seen = [(one.path, cookies(one)) for one in server.requests]
        assert seen == [("/a", {}), ("/b", {}), ("/c", {"visit": "1"})]
        assert [cookies(one) for one in other.requests] == [{}]


def test_paths_and_secure_are_kept_to(server: HostileServer) -> None:
    async def set_some(exchange: Exchange) -> None:
        lines = ("here=1; Path=/good.jpg", "there=1; Path=/there", "secure=1; Secure; Path=/")
        await redirect(exchange, "/good.jpg", *lines)

    server.on("/a", set_some)
    fetch(server.url("/a"))
    assert cookies(server.requests[-1]) == {"here": "1"}


def test_number_and_size_of_cookies_are_bounded(server: HostileServer) -> None:
    async def pour(exchange: Exchange) -> None:
        number = int(exchange.path.partition("?")[2] or 0)
        small = [f"c{number}-{each}={'x' * 1_000}; Path=/" for each in range(60)]
        await redirect(exchange, f"/pour?{number + 1}", f"large={'x' * 7_000}; Path=/", *small)

    server.on("/pour", pour)
    with pytest.raises(TooManyRedirects):
        fetch(server.url("/pour"))
    for exchange in server.requests:
        assert "large" not in cookies(exchange)
        assert len(exchange.headers.get("cookie", "")) <= 8_190
    assert 0 < len(cookies(server.requests[1])) < MAX_COOKIES_PER_ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "",
        "=",
        ";;;",
        "a",
        "=b",
        "a=b; Expires=never; Max-Age=x",
        'a="',
        "ü=ä",
    ],
)
def test_no_cookie_breaks_a_fetch(server: HostileServer, line: str) -> None:
    async def set_it(exchange: Exchange) -> None:
        await redirect(exchange, "/good.jpg", line)

    server.on("/a", set_it)
    assert fetch(server.url("/a"))[0].data == PICTURE
