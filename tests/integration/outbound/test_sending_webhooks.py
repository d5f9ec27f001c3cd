"""Webhooks: the same door as images, and every trouble is an answer."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from app.domain.errors import AddressBlocked, DnsFailed, ImageError, InvalidUrl
from app.outbound.guard import BLOCKED_MESSAGE, AddressGuard
from app.outbound.resolver import Lookup
from app.outbound.webhook import WebhookAnswer, WebhookSender
from tests.hostile_server import BEHAVIOURS, Exchange, HostileServer
from tests.integration.outbound.parts import LOOPBACK_TOO, PUBLIC_ONLY, TIMEOUT_SECONDS, names
from tests.unit.outbound.cases import BLOCKED_URLS, INVALID_URLS

BODY = '{"type":"request.completed","größe":1}'.encode()
HEADERS = {"Content-Type": "application/json", "webhook-id": "msg_1"}


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def send(
    url: str, *, guard: AddressGuard = LOOPBACK_TOO, lookup: Lookup | None = None
) -> WebhookAnswer:
    async def run() -> WebhookAnswer:
        sender = WebhookSender(
            guard, user_agent="test-hooks", timeout_seconds=TIMEOUT_SECONDS, lookup=lookup
        )
        try:
            return await sender.send(url, body=BODY, headers=HEADERS)
        finally:
            await sender.aclose()

    return asyncio.run(run())


def check(url: str, lookup: Lookup | None = None, guard: AddressGuard = PUBLIC_ONLY) -> None:
    async def run() -> None:
        sender = WebhookSender(guard, user_agent="test-hooks", lookup=lookup)
        try:
            await sender.check(url)
        finally:
            await sender.aclose()

    asyncio.run(run())


def test_the_body_and_its_headers_arrive_as_given(server: HostileServer) -> None:
    server.serve("/hook", b"thanks")
    answer = send(server.url("/hook"))
    assert (answer.status_code, answer.error, answer.message) == (200, None, None)
    assert answer.retry_after_seconds is None
    assert 0 <= answer.duration_ms < TIMEOUT_SECONDS * 1_000
    request = server.requests[-1]
    assert (request.method, request.body) == ("POST", BODY)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "msg_1"
    assert request.headers["user-agent"] == "test-hooks"
    assert request.headers["content-length"] == str(len(BODY))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("410 Gone", "The webhook's host answered 410 (gone)."),
        ("500 Oops", "The webhook's host answered 500 (internal server error)."),
        ("304 Same", "The webhook's host answered 304 (not modified)."),
    ],
)
def test_a_status_that_is_no_success_is_an_answer(
    server: HostileServer, status: str, message: str
) -> None:
    server.serve("/hook", b"", status=status)
    answer = send(server.url("/hook"))
    assert answer.status_code == int(status[:3])
    assert (answer.error, answer.message) == ("http_status", message)


def test_a_redirect_is_an_answer_and_not_followed(server: HostileServer) -> None:
    server.serve("/moved", b"", status="307 Moved", headers={"Location": "/other-hook"})
    asked = len(server.requests)
    answer = send(server.url("/moved"))
    assert (answer.status_code, answer.error) == (307, "http_status")
    assert len(server.requests) == asked + 1


def test_the_pause_that_a_receiver_asks_for_is_told_whole(server: HostileServer) -> None:
    server.serve("/hook", b"", status="503 Later", headers={"Retry-After": "86400"})
    assert send(server.url("/hook")).retry_after_seconds == 86_400.0


@pytest.mark.parametrize("path", sorted(BEHAVIOURS))
def test_no_receiver_holds_a_delivery_or_makes_it_raise(server: HostileServer, path: str) -> None:
    answer = send(server.url(path))
    # The deadline for the status, and half a second at most for reading politely on.
    assert answer.duration_ms < (TIMEOUT_SECONDS + 1.0) * 1_000
    assert (answer.status_code is None) == (answer.error not in (None, "http_status"))


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/hang", "timeout"),
        ("/drip-headers", "timeout"),
        ("/close-at-once", "connect_failed"),
        ("/reset-at-once", "connect_failed"),
        ("/not-http", "connect_failed"),
        ("/endless-continue", "response_too_large"),
    ],
)
def test_trouble_is_told_by_its_code(server: HostileServer, path: str, error: str) -> None:
    answer = send(server.url(path))
    assert (answer.status_code, answer.error) == (None, error)
    assert answer.message is not None
    assert answer.message.startswith("The webhook's host")


@pytest.mark.parametrize(
    "path",
    ["/drip-body", "/hang-after-headers", "/hang-in-body", "/reset-in-body", "/endless-body"],
)
def test_a_slow_or_endless_answer_does_not_turn_a_success_into_a_failure(
    server: HostileServer, path: str
) -> None:
    answer = send(server.url(path))
    assert (answer.status_code, answer.error) == (200, None)


def test_a_receiver_that_takes_no_connection_is_given_up_sooner(server: HostileServer) -> None:
    async def lookup(_name: str) -> list[str]:
        await asyncio.sleep(60)
        return []

    async def run() -> WebhookAnswer:
        sender = WebhookSender(
            LOOPBACK_TOO, user_agent="test", timeout_seconds=30, connect_seconds=0.2, lookup=lookup
        )
        try:
            return await sender.send(server.url("/hook", host="a.test"), body=BODY, headers=HEADERS)
        finally:
            await sender.aclose()

    answer = asyncio.run(run())
    assert (answer.error, answer.is_silence) == ("timeout", True)
    assert answer.message == "The webhook's host did not take the connection within 0.2 seconds."
    assert answer.duration_ms < 5_000


@pytest.mark.parametrize("path", ["/hang", "/close-at-once", "/reset-at-once"])
def test_no_answer_is_silence(server: HostileServer, path: str) -> None:
    assert send(server.url(path)).is_silence


def test_an_answer_and_a_refusal_of_our_own_are_no_silence(server: HostileServer) -> None:
    server.serve("/hook", b"", status="500 Oops")
    assert not send(server.url("/hook")).is_silence
    assert not send(server.url("/hook"), guard=PUBLIC_ONLY).is_silence


def test_a_delivery_is_sent_once_even_when_the_connection_breaks(server: HostileServer) -> None:
    asked = len(server.requests)
    send(server.url("/close-at-once"))
    assert len(server.requests) == asked + 1


def test_a_small_answer_is_read_to_its_end_before_hanging_up(server: HostileServer) -> None:
    gone_early: list[bool] = []

    async def answer_in_two_pieces(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 1_000)
        await asyncio.sleep(0.05)
        gone_early.append(exchange.reader.at_eof())
        await exchange.send(b"x" * 1_000)

    server.on("/two-pieces", answer_in_two_pieces)
    assert send(server.url("/two-pieces")).status_code == 200
    assert gone_early == [False]


def test_blocked_and_invalid_addresses_are_answers_without_a_connection(
    server: HostileServer,
) -> None:
    before = server.connections
    for url in [*BLOCKED_URLS, server.url("/hook"), server.url("/hook", host="localhost")]:
        answer = send(url, guard=PUBLIC_ONLY)
        assert (answer.error, answer.message) == ("address_blocked", BLOCKED_MESSAGE)
    for url in INVALID_URLS:
        assert send(url, guard=PUBLIC_ONLY).error == "invalid_url"
    assert server.connections == before


def test_an_address_that_was_good_at_registration_is_checked_at_each_send(
    server: HostileServer,
) -> None:
    lookup = names({"hooks.example": [["8.8.8.8"], ["127.0.0.1"]]})
    before = server.connections

    async def register_and_send() -> WebhookAnswer:
        sender = WebhookSender(PUBLIC_ONLY, user_agent="test", timeout_seconds=1, lookup=lookup)
        url = server.url("/hook", host="hooks.example")
        await sender.check(url)
        try:
            return await sender.send(url, body=BODY, headers=HEADERS)
        finally:
            await sender.aclose()

    assert asyncio.run(register_and_send()).error == "address_blocked"
    assert server.connections == before


@pytest.mark.parametrize("url", BLOCKED_URLS)
def test_registration_refuses_blocked_addresses(url: str) -> None:
    with pytest.raises(AddressBlocked, match=BLOCKED_MESSAGE):
        check(url)


@pytest.mark.parametrize("url", INVALID_URLS)
def test_registration_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises(InvalidUrl):
        check(url)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (["8.8.8.8", "2606:4700::1111"], None),
        (["8.8.8.8", "10.0.0.1"], AddressBlocked),
        ([], DnsFailed),
    ],
)
def test_registration_looks_at_every_address_of_a_name(
    answers: list[str], error: type[ImageError] | None
) -> None:
    lookup = names({"hooks.example": answers})
    if error is None:
        check("https://hooks.example/in", lookup)
        return
    with pytest.raises(error):
        check("https://hooks.example/in", lookup)


def test_an_allowed_network_can_receive_webhooks(server: HostileServer) -> None:
    server.serve("/hook", b"")
    check(server.url("/hook"), guard=AddressGuard([ip_network("127.0.0.1/32")]))
    assert send(server.url("/hook")).status_code == 200
