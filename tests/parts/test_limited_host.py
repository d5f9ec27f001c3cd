"""The host that limits its callers: what it answers, and what it counts."""

import asyncio
import io
import time
from collections.abc import Iterator

import aiohttp
import httpx
import pytest
from PIL import Image

from tests.parts.host_rules import HostRules
from tests.parts.limited_host import LimitedHost


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=5) as client:
        yield client


def at_the_beginning_of_a_second() -> None:
    """Fixed windows follow the monotonic clock, which all processes of a machine share."""
    time.sleep(1 - time.monotonic() % 1)


def test_it_serves_small_and_large_pictures_on_the_address_that_was_asked_for(
    client: httpx.Client,
) -> None:
    with LimitedHost(address="127.0.7.9") as host:
        small, large = (client.get(host.url(path)) for path in ("/a.jpg?b=1", "/large/a.jpg"))
        counts = host.counts()
    assert host.base_url.startswith("http://127.0.7.9:")
    for answer in (small, large):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/jpeg"
        Image.open(io.BytesIO(answer.content)).load()
    assert len(small.content) < 2_000
    assert 150_000 < len(large.content) < 250_000
    assert counts.paths == {"/a.jpg?b=1": 1, "/large/a.jpg": 1}
    assert (counts.requests, counts.served, counts.connections) == (2, 2, 1)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("retry_after", ["1", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", None])
def test_it_refuses_what_is_beyond_its_rate(
    client: httpx.Client, status: int, retry_after: str | None
) -> None:
    rules = HostRules(rate=3, refusal_status=status, retry_after=retry_after)  # type: ignore[arg-type]
    with LimitedHost(rules) as host:
        client.get(host.url("/odd/first"))
        at_the_beginning_of_a_second()
        answers = [client.get(host.url(f"/{number}.jpg")) for number in range(5)]
        counts = host.counts()
    assert [answer.status_code for answer in answers] == [200, 200, 200, status, status]
    assert answers[3].headers.get("Retry-After") == retry_after
    assert (counts.served, counts.refused) == (3, 2)
    assert sum(requests for requests, _ in counts.timeline) == counts.requests == 6
    assert sum(refused for _, refused in counts.timeline) == 2


def test_a_ban_refuses_everybody_who_goes_on(client: httpx.Client) -> None:
    rules = HostRules(rate=1, window="sliding", ban_seconds=1.5, ban_over=3)
    with LimitedHost(rules) as host:
        codes = [client.get(host.url("/a.jpg")).status_code for _ in range(6)]
        time.sleep(1.2)
        banned = client.get(host.url("/a.jpg")).status_code
        time.sleep(0.5)
        codes_afterwards = client.get(host.url("/a.jpg")).status_code
        assert host.counts().bans == 1
    assert codes == [200, *[429] * 5]
    assert (banned, codes_afterwards) == (429, 200)


def test_it_takes_its_time_and_counts_what_is_open_at_once() -> None:
    async def ask(host: LimitedHost) -> float:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            started = time.monotonic()
            await asyncio.gather(*(session.get(host.url(f"/{number}.jpg")) for number in range(40)))
            return time.monotonic() - started

    with LimitedHost(HostRules(delay_ms=200)) as host:
        seconds = asyncio.run(ask(host))
        counts = host.counts()
    assert 0.2 <= seconds < 2
    assert (counts.most_connections, counts.connections) == (40, 40)
    assert counts.first_request_at is not None
    assert counts.last_request_at is not None
    assert counts.last_answer_at is not None
    assert counts.first_request_at <= counts.last_request_at
    assert counts.last_answer_at - counts.first_request_at >= 0.2


def test_odd_paths_fail_beside_good_ones(client: httpx.Client) -> None:
    with LimitedHost() as host:
        assert client.get(host.url("/odd/1.jpg")).status_code == 500
        with pytest.raises(httpx.ReadTimeout):
            client.get(host.url("/odd/hang/1.jpg"), timeout=0.3)
        assert client.get(host.url("/1.jpg")).status_code == 200
        counts = host.counts()
    assert (counts.served, counts.failed, counts.silent) == (1, 1, 1)


def test_it_becomes_another_host_and_counts_on(client: httpx.Client) -> None:
    with LimitedHost(HostRules(silence="hang")) as host:
        with pytest.raises(httpx.ReadTimeout):
            client.get(host.url("/1.jpg"), timeout=0.3)
        host.become(HostRules())
        assert client.get(host.url("/2.jpg")).status_code == 200
        host.become(HostRules(silence="refuse"))
        with pytest.raises(httpx.ConnectError):
            client.get(host.url("/3.jpg"))
        host.become(HostRules(rate=0))
        assert client.get(host.url("/4.jpg")).status_code == 429
        counts = host.counts()
    assert counts.paths == {"/1.jpg": 1, "/2.jpg": 1, "/4.jpg": 1}


def test_it_ends_kept_connections_without_an_answer(client: httpx.Client) -> None:
    with LimitedHost(HostRules(close_every=2)) as host:
        ends = []
        for number in range(6):
            try:
                ends.append(client.get(host.url(f"/{number}.jpg")).status_code)
            except httpx.RemoteProtocolError:
                ends.append(0)
        counts = host.counts()
    # The first of each connection is served; of the later ones every other is not.
    assert ends == [200, 200, 0, 200, 200, 0]
    assert (counts.requests, counts.cut, counts.connections) == (6, 2, 2)


def test_its_process_goes_with_it() -> None:
    with LimitedHost() as host, httpx.Client(trust_env=False) as client:
        assert client.get(host.url("/1.jpg")).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(host.url("/1.jpg"), trust_env=False)
