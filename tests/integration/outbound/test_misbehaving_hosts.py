"""Hosts that misbehave: each costs one image, its own connections and little else."""

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import ImageError
from app.outbound.fetch import FetchedImage, ImageFetcher
from tests.hostile_server import BEHAVIOURS, PICTURE, Exchange, HostileServer
from tests.integration.outbound.parts import MAX_BYTES, TIMEOUT_SECONDS, image_fetcher

# Every way to misbehave and the code that the image's row then carries.
CODES = {
    "/hang": "timeout",
    "/hang-after-headers": "timeout",
    "/hang-in-body": "timeout",
    "/drip-headers": "timeout",
    "/drip-body": "timeout",
    "/drip-redirect": "timeout",
    "/endless-body": "response_too_large",
    "/endless-chunks": "response_too_large",
    "/endless-tiny-chunks": "response_too_large",
    "/endless-chunk-extension": "response_too_large",
    "/endless-trailers": "connect_failed",
    "/endless-headers": "connect_failed",
    "/endless-header-line": "response_too_large",
    "/endless-reason": "response_too_large",
    "/endless-continue": "response_too_large",
    "/dripped-continue": "response_too_large",
    "/endless-redirects": "too_many_redirects",
    "/redirect-to-itself": "too_many_redirects",
    "/error-with-endless-body": "http_status",
    "/huge-length": "response_too_large",
    "/length-too-long": "connect_failed",
    "/two-lengths": "connect_failed",
    "/negative-length": "connect_failed",
    "/overflowing-length": "connect_failed",
    "/length-and-chunked": "connect_failed",
    "/cut-chunk": "connect_failed",
    "/missing-last-chunk": "connect_failed",
    "/bad-chunk-size": "connect_failed",
    "/reset-at-once": "connect_failed",
    "/reset-in-body": "connect_failed",
    "/close-at-once": "connect_failed",
    "/cut-headers": "connect_failed",
    "/not-http": "connect_failed",
    "/binary-noise": "connect_failed",
    "/upgrade": "http_status",
    "/empty": "not_an_image",
    "/no-content": "not_an_image",
    "/gzip-bomb": "response_too_large",
    "/gzip-cut": "corrupt_image",
    "/gzip-lie": "corrupt_image",
    "/gzip-of-nothing": "not_an_image",
    "/brotli": "not_an_image",
    "/gzip-twice": "not_an_image",
}
GOOD = {
    *("/good.jpg", "/chunked.jpg", "/until-close.jpg", "/two-interim-answers.jpg"),
    *("/gzip", "/deflate", "/raw-deflate", "/aws-chunked", "/redirect-with-endless-body"),
}
# Answers that are fine for HTTP; what is in them is for the decoder to judge.
ODD = {"/html-with-200", "/unreadable-headers", "/length-too-short", "/answers-twice"}


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


async def outcome(fetcher: ImageFetcher, url: str) -> FetchedImage | ImageError:
    try:
        return await fetcher.fetch(url)
    except ImageError as error:
        return error


def fetch_once(url: str) -> FetchedImage | ImageError:
    async def fetch() -> FetchedImage | ImageError:
        async with image_fetcher() as fetcher:
            return await outcome(fetcher, url)

    return asyncio.run(fetch())


def test_every_behaviour_has_an_expected_outcome() -> None:
    assert set(CODES) | GOOD | ODD == set(BEHAVIOURS)


@pytest.mark.parametrize("path", CODES)
def test_a_misbehaving_host_ends_within_its_limit_with_the_right_code(
    server: HostileServer, path: str
) -> None:
    gc.collect()
    tracemalloc.start()
    started = time.monotonic()
    ended = fetch_once(server.url(path))
    seconds = time.monotonic() - started
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(ended, ImageError)
    assert ended.code == CODES[path]
    assert seconds < TIMEOUT_SECONDS + 1.0
    # The limit of a body, a copy of it, read buffers and the server's own side of it all.
    assert peak_bytes < 8 * MAX_BYTES
    assert "127.0.0.1" not in ended.message
    assert ended.message.endswith(".")


@pytest.mark.parametrize("path", sorted(GOOD))
def test_unusual_but_correct_answers_give_the_picture(server: HostileServer, path: str) -> None:
    image = fetch_once(server.url(path))
    assert isinstance(image, FetchedImage)
    assert image.data == PICTURE


def test_endless_senders_are_cut_off_early(server: HostileServer) -> None:
    paths = [path for path in BEHAVIOURS if "endless" in path]
    for path in paths:
        server.bytes_sent_endlessly = 0
        fetch_once(server.url(path))
        # What the kernel's socket buffers swallow (some megabytes on loopback) comes on top.
        assert server.bytes_sent_endlessly < MAX_BYTES + 8_000_000, path


def test_all_hostile_hosts_at_once_hold_up_no_other_host() -> None:
    async def race() -> float:
        async with image_fetcher(timeout_seconds=5.0) as fetcher:
            stuck = [
                asyncio.create_task(outcome(fetcher, hostile.url(path)))
                for path in ("/hang", "/hang-in-body", "/drip-body", "/drip-headers")
                for _ in range(8)
            ]
            noisy = [asyncio.create_task(outcome(fetcher, noise.url(path))) for path in CODES]
            await asyncio.sleep(0)
            started = time.monotonic()
            images = await asyncio.gather(
                *(fetcher.fetch(good.url(f"/good.jpg?{number}")) for number in range(200))
            )
            seconds = time.monotonic() - started
            assert all(image.data == PICTURE for image in images)
            assert not any(task.done() for task in stuck)
            assert hostile.connections == 8
            for task in [*stuck, *noisy]:
                task.cancel()
            await asyncio.gather(*stuck, *noisy, return_exceptions=True)
            return seconds

    with HostileServer() as hostile, HostileServer() as noise, HostileServer() as good:
        assert asyncio.run(race()) < 2.5


def test_connections_are_kept_and_no_more_than_allowed_are_opened() -> None:
    async def fetch_many() -> None:
        async with image_fetcher(connections_per_host=3) as fetcher:
            await asyncio.gather(*(fetcher.fetch(server.url("/good.jpg")) for _ in range(60)))

    with HostileServer() as server:
        asyncio.run(fetch_many())
        assert server.connections == 3
        assert len(server.requests) == 60


def test_a_second_answer_is_not_taken_for_that_of_the_next_request(server: HostileServer) -> None:
    async def fetch_twice() -> None:
        async with image_fetcher(connections_per_host=1) as fetcher:
            assert (await fetcher.fetch(server.url("/answers-twice"))).data == b"first!"
            assert (await fetcher.fetch(server.url("/good.jpg"))).data == PICTURE

    asyncio.run(fetch_twice())


def test_a_connection_that_was_closed_while_idle_is_replaced(server: HostileServer) -> None:
    server.on("/then-close", answer_and_close)

    async def fetch_thrice() -> None:
        async with image_fetcher(connections_per_host=1) as fetcher:
            for _ in range(3):
                assert (await fetcher.fetch(server.url("/then-close"))).data == PICTURE
                await asyncio.sleep(0.1)

    asyncio.run(fetch_thrice())


async def answer_and_close(exchange: Exchange) -> None:
    """Close a connection that the answer seems to keep, as HTTP/1.1 does where nothing is said."""
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE)


def test_nobody_listening_is_a_failed_connection() -> None:
    with HostileServer() as gone:
        url = gone.url("/good.jpg")
    ended = fetch_once(url)
    assert isinstance(ended, ImageError)
    assert (ended.code, ended.retryable) == ("connect_failed", True)


def test_a_fetch_that_is_cancelled_gives_its_connection_back(server: HostileServer) -> None:
    async def cancel() -> None:
        async with image_fetcher(connections_per_host=1) as fetcher:
            waiting = asyncio.create_task(fetcher.fetch(server.url("/hang")))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert (await fetcher.fetch(server.url("/good.jpg"))).data == PICTURE

    asyncio.run(cancel())


def test_thousands_of_names_do_not_leave_thousands_of_connections_open(
    server: HostileServer,
) -> None:
    async def lookup(host: str) -> list[str]:
        return ["127.0.0.1"]

    async def fetch_all() -> int:
        async with image_fetcher(lookup=lookup, timeout_seconds=10) as fetcher:
            for start in range(0, 600, 20):
                await asyncio.gather(
                    *(
                        fetcher.fetch(server.url("/good.jpg", host=f"h{number}.example"))
                        for number in range(start, start + 20)
                    )
                )
            connector = fetcher._session.connector  # type: ignore[union-attr]
            return connector.open_connections  # type: ignore[union-attr, no-any-return]

    assert asyncio.run(fetch_all()) <= 256 + 20


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from(
            [
                *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"HTTP/1.0 206 \r\n"),
                *(b"Content-Length: 5\r\n", b"Content-Length: +5\r\n", b"Content-Length:\r\n"),
                *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n"),
                *(b"Location: \xff\r\n", b"Location: http://[\r\n", b"Location: //\r\n"),
                *(b"Content-Encoding: gzip\r\n", b"Retry-After: \x01\r\n", b"\r\n", b"\n", b"\x00"),
                *(b"5\r\nabcde\r\n", b"0\r\n\r\n", b"abcde", b"HTTP/1.1 100 \r\n\r\n", b":\r\n"),
            ]
        ),
        max_size=8,
    ).map(b"".join)
)
def test_no_answer_whatsoever_raises_anything_but_our_errors(
    server: HostileServer, answer: bytes
) -> None:
    async def send(exchange: Exchange) -> None:
        await exchange.send(answer)

    server.on("/noise", send)
    ended = fetch_once(server.url("/noise"))
    assert isinstance(ended, FetchedImage | ImageError)
