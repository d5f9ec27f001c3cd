"""One image from one URL: guarded, within one deadline and one limit of bytes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import aiohttp

from app.domain.errors import FetchTimeout, TooManyRedirects
from app.domain.formats import content_type
from app.domain.hosts.rules import NO_RULES, HostRules
from app.outbound.body import FIRST_BYTES, first_bytes, noted, whole_file
from app.outbound.client import READ_BUFFER_BYTES, open_session
from app.outbound.failures import IMAGE_HOST, translate
from app.outbound.guard import AddressGuard, Target, host_key
from app.outbound.redirects import REDIRECTS, Chain, next_target
from app.outbound.resolver import GuardedResolver, Lookup
from app.outbound.share_links import ShareLink, share_link

__all__ = ["FetchConfig", "FetchedHead", "FetchedImage", "ImageFetcher", "Validators", "host_key"]

_NOT_MODIFIED = 304
_OWN_TYPE = content_type("jpeg")
# aiohttp stops reading at twice this, so that a host that sends all of a file is hung up on soon.
_LOOK_BUFFER_BYTES = FIRST_BYTES // 2

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class FetchConfig:
    """How images are fetched.

    Args:
        timeout_seconds: for one fetch with all its redirects, from the name to the last byte;
            waiting for one of the host's connections is part of it.
        max_bytes: largest file, as sent and as unpacked.
        connections_per_host: open connections to one host and port at a time.
        user_agent: who asks, with an address for questions.
        max_redirects: how many redirects are followed.
    """

    timeout_seconds: float
    max_bytes: int
    connections_per_host: int
    user_agent: str
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """What a host sent; the bytes are not looked at yet.

    The headers are None where the host did not send them, or not as short printable ASCII.
    """

    data: bytes
    content_type: str | None
    etag: str | None
    last_modified: str | None
    final_url: str

    def without_data(self) -> "FetchedImage":
        """What was said of the file, without its bytes."""
        return FetchedImage(b"", self.content_type, self.etag, self.last_modified, self.final_url)


@dataclass(frozen=True, slots=True)
class FetchedHead:
    """The first 64 KiB of a file, or all of a smaller one.

    `size_bytes` is that of the whole file, None where the host does not say it.
    """

    data: bytes
    size_bytes: int | None
    content_type: str | None
    final_url: str


@dataclass(frozen=True, slots=True)
class Validators:
    """What a host said of a file earlier: `etag` and `last_modified` of a `FetchedImage`.

    `url` is the address that said so; nobody else is asked with them, as another host's ETag says
    nothing and tells that host where we have been.
    """

    url: str
    etag: str | None
    last_modified: str | None

    def headers(self) -> dict[str, str]:
        """The conditions of RFC 9110 13.1 that these make."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value is not None}


def _no_own_file(_url: str) -> None:
    return None


class ImageFetcher:
    """Fetches images for one event loop; open connections are kept and reused.

    Args:
        guard: which addresses are allowed.
        config: the limits.
        rules: what the operator says of single hosts.
        lookup: how names become addresses; None asks the operating system.
        own_file: the JPEG behind an address of this service, which is read without a
            network; None where it is an address like any other.
    """

    def __init__(
        self,
        guard: AddressGuard,
        config: FetchConfig,
        *,
        rules: HostRules = NO_RULES,
        lookup: Lookup | None = None,
        own_file: Callable[[str], bytes | None] = _no_own_file,
    ) -> None:
        self._guard = guard
        self._config = config
        self._rules = rules
        self._own_file = own_file
        self._resolver = GuardedResolver(guard, lookup)
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str) -> FetchedImage:
        """Fetch one image once, following redirects; each hop is checked as if it came alone.

        The page of a file share is fetched by its download address.

        Raises:
            ImageError: one of InvalidUrl, AddressBlocked, DnsFailed, ConnectFailed, TlsFailed,
                FetchTimeout, TooManyRedirects, HttpStatusError (also for a redirect from https to
                http), HttpStatusRetryable, ResponseTooLarge, NotAnImage (nothing in the answer, an
                unknown encoding, or a share's page), CorruptImage (a broken compressed answer).
        """
        own = self._own_file(url)
        if own is not None:
            return FetchedImage(own, _OWN_TYPE, None, None, url)
        return await self._run(url, _Errand(self._take))

    async def fetch_if_changed(self, url: str, known: Validators) -> FetchedImage | None:
        """Like `fetch`, but None where the host says that its file is still the known one."""
        told_at = self._guard.parse(known.url).url

        def conditions(target: Target) -> Mapping[str, str]:
            return known.headers() if target.url == told_at else {}

        async def take(response: aiohttp.ClientResponse, target: Target) -> FetchedImage | None:
            if response.status == _NOT_MODIFIED and conditions(target):
                return None
            return await self._take(response, target)

        return await self._run(url, _Errand(take, conditions))

    async def look(self, url: str) -> FetchedHead:
        """Fetch the first 64 KiB of an image, whether or not its host knows how to send a part.

        Raises:
            ImageError: see `fetch`.
        """
        own = self._own_file(url)
        if own is not None:
            return FetchedHead(own[:FIRST_BYTES], len(own), _OWN_TYPE, url)
        return await self._run(url, _Errand(self._look, _ask_for_start, _LOOK_BUFFER_BYTES))

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._resolver.close()

    async def _run(self, url: str, errand: "_Errand[_Found]") -> _Found:
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                return await self._follow(url, errand)
        except TimeoutError as error:
            limit = f"{self._config.timeout_seconds:g} seconds"
            raise FetchTimeout(f"{IMAGE_HOST} did not send the image within {limit}.") from error

    async def _follow(self, url: str, errand: "_Errand[_Found]") -> _Found:
        target = self._guard.parse(url)
        share = share_link(target.url)
        if share is not None:
            target = self._guard.parse(share.download_url)
        chain = Chain(self._rules)
        for _ in range(self._config.max_redirects + 1):
            answer = await self._get(target, chain, share, errand)
            if not isinstance(answer, Target):
                return answer
            target = answer
        raise TooManyRedirects(
            f"{IMAGE_HOST} redirects more than {self._config.max_redirects} times."
        )

    async def _get(
        self, target: Target, chain: Chain, share: ShareLink | None, errand: "_Errand[_Found]"
    ) -> _Found | Target:
        try:
            async with self._open().get(
                target.request_url,
                allow_redirects=False,
                headers=chain.headers(target, errand.asks(target)),
                read_bufsize=errand.buffer_bytes,
            ) as response:
                # Leaving this block with an unread body closes the connection; it is not drained.
                if response.status in REDIRECTS:
                    chain.keep_cookies(target, response.headers)
                    return next_target(self._guard, target, response.status, response.headers)
                if share is not None:
                    share.refuse_page(response.status, response.content_type)
                return await errand.take(response, target)
        except (aiohttp.ClientError, OSError) as error:
            raise translate(error, IMAGE_HOST) from error

    async def _take(self, response: aiohttp.ClientResponse, target: Target) -> FetchedImage:
        data = await whole_file(response, max_bytes=self._config.max_bytes)
        return FetchedImage(
            data=data,
            content_type=noted(response.headers.get("Content-Type")),
            etag=noted(response.headers.get("ETag")),
            last_modified=noted(response.headers.get("Last-Modified")),
            final_url=target.url,
        )

    async def _look(self, response: aiohttp.ClientResponse, target: Target) -> FetchedHead:
        data, size = await first_bytes(response, max_bytes=self._config.max_bytes)
        content_type = noted(response.headers.get("Content-Type"))
        return FetchedHead(data, size_bytes=size, content_type=content_type, final_url=target.url)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = open_session(
                self._guard,
                self._resolver,
                user_agent=self._config.user_agent,
                connections_per_host=self._config.connections_per_host,
                keep_alive=True,
            )
            self._session.headers["Accept"] = "image/*, */*;q=0.1"
        return self._session


def _ask_for_nothing(_target: Target) -> Mapping[str, str]:
    return {}


def _ask_for_start(_target: Target) -> Mapping[str, str]:
    return {"Range": f"bytes=0-{FIRST_BYTES - 1}"}


@dataclass(frozen=True, slots=True)
class _Errand(Generic[_Found]):
    """What a chain of requests is for.

    `asks` gives the headers that this takes at a hop, and `take` makes of the last answer what is
    handed back.
    """

    take: Callable[[aiohttp.ClientResponse, Target], Awaitable[_Found]]
    asks: Callable[[Target], Mapping[str, str]] = _ask_for_nothing
    buffer_bytes: int = READ_BUFFER_BYTES
