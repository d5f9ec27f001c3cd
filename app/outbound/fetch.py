"""One image from one URL: guarded, within one deadline and one limit of bytes."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from app.domain.errors import (
    FetchTimeout,
    HttpStatusError,
    InvalidUrl,
    NotAnImage,
    ResponseTooLarge,
    TooManyRedirects,
)
from app.outbound.client import open_session
from app.outbound.content_encoding import encodings, unpack
from app.outbound.failures import status_error, status_text, translate
from app.outbound.guard import AddressGuard, Target, host_key
from app.outbound.resolver import GuardedResolver, Lookup

__all__ = ["FetchConfig", "FetchedImage", "ImageFetcher", "Validators", "host_key"]

_HOST = "The image's host"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED = 304
_WITH_BODY = frozenset({200, 203})
_NO_BODY = frozenset({204, 205})
_MAX_NOTED_HEADER_CHARS = 256
# aiohttp's way (PEP 383) to hand over header bytes that are not UTF-8.
_UNDECODED_BYTE = re.compile("[\udc80-\udcff]")


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


class ImageFetcher:
    """Fetches images for one event loop; open connections are kept and reused.

    Args:
        guard: which addresses are allowed.
        config: the limits.
        lookup: how names become addresses; None asks the operating system.
    """

    def __init__(
        self, guard: AddressGuard, config: FetchConfig, *, lookup: Lookup | None = None
    ) -> None:
        self._guard = guard
        self._config = config
        self._resolver = GuardedResolver(guard, lookup)
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str) -> FetchedImage:
        """Fetch one image once, following redirects; each hop is checked as if it came alone.

        Raises:
            ImageError: one of InvalidUrl, AddressBlocked, DnsFailed, ConnectFailed, TlsFailed,
                FetchTimeout, TooManyRedirects, HttpStatusError (also for a redirect from https to
                http), HttpStatusRetryable, ResponseTooLarge, NotAnImage (nothing in the answer, or
                an unknown encoding), CorruptImage (a broken compressed answer).
        """
        fetched = await self._fetch(url, None)
        assert fetched is not None  # noqa: S101 - without a condition, 304 is an error
        return fetched

    async def fetch_if_changed(self, url: str, known: Validators) -> FetchedImage | None:
        """Like `fetch`, but None where the host says that its file is still the known one."""
        return await self._fetch(url, known)

    async def _fetch(self, url: str, known: Validators | None) -> FetchedImage | None:
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                return await self._follow(self._guard.parse(url), known)
        except TimeoutError as error:
            limit = f"{self._config.timeout_seconds:g} seconds"
            raise FetchTimeout(f"{_HOST} did not send the image within {limit}.") from error

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._resolver.close()

    async def _follow(self, target: Target, known: Validators | None) -> FetchedImage | None:
        told_at = self._guard.parse(known.url).url if known is not None else None
        for _ in range(self._config.max_redirects + 1):
            conditions = known.headers() if known is not None and target.url == told_at else {}
            answer = await self._get(target, conditions)
            if not isinstance(answer, Target):
                return answer
            target = answer
        raise TooManyRedirects(f"{_HOST} redirects more than {self._config.max_redirects} times.")

    async def _get(
        self, target: Target, conditions: Mapping[str, str]
    ) -> FetchedImage | Target | None:
        try:
            async with self._open().get(
                target.request_url, allow_redirects=False, headers=conditions
            ) as response:
                # Leaving this block with an unread body closes the connection; it is not drained.
                if conditions and response.status == _NOT_MODIFIED:
                    return None
                if response.status in _REDIRECTS:
                    return self._next_target(target, response.status, response.headers)
                if response.status in _NO_BODY:
                    raise NotAnImage(f"{_HOST} answered without a file.")
                if response.status not in _WITH_BODY:
                    raise status_error(response.status, response.headers, _HOST)
                data = await self._read(response)
                return FetchedImage(
                    data=await self._unpack(data, response.headers.get("Content-Encoding")),
                    content_type=_noted(response.headers.get("Content-Type")),
                    etag=_noted(response.headers.get("ETag")),
                    last_modified=_noted(response.headers.get("Last-Modified")),
                    final_url=target.url,
                )
        except (aiohttp.ClientError, OSError) as error:
            raise translate(error, _HOST) from error

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

    def _next_target(self, origin: Target, status: int, headers: Mapping[str, str]) -> Target:
        location = headers.get("Location")
        if not location:
            raise HttpStatusError(
                f"{_HOST} answered {status_text(status)} without saying where to.",
                http_status=status,
            )
        location = _UNDECODED_BYTE.sub(lambda each: f"%{ord(each[0]) - 0xDC00:02X}", location)
        try:
            target = self._guard.parse(location, base=origin)
        except InvalidUrl as error:
            raise InvalidUrl(f"{_HOST} redirects to a bad address. {error.message}") from error
        if origin.scheme == "https" and target.scheme == "http":
            # What was asked for in secret would be sent in clear, and could be changed on its way.
            raise HttpStatusError(
                f"{_HOST} redirects from https to http, which is not followed.",
                http_status=status,
            )
        return target

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._config.max_bytes
        too_large = f"The image's file is larger than the {limit:,} bytes that are allowed."
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced[:20]) > limit:
            raise ResponseTooLarge(too_large)

        body = response.content
        data = await body.readany()
        if not body.at_eof():
            # A file in several pieces is collected in place: a list of pieces would cost a hostile
            # host one byte for each of our objects.
            collected = bytearray(data)
            while len(collected) <= limit and (piece := await body.readany()):
                collected += piece
            data = bytes(collected)
        if len(data) > limit:
            raise ResponseTooLarge(too_large)
        if not data:
            raise NotAnImage(f"{_HOST} answered with an empty file.")
        return data

    async def _unpack(self, data: bytes, header: str | None) -> bytes:
        named = encodings(header)
        if not named:
            return data
        if len(named) > 1:
            raise NotAnImage(f"{_HOST} sent the file compressed more than once.")
        # In a thread: unpacking up to the limit takes longer than other fetches should wait.
        data = await asyncio.to_thread(unpack, data, named[0], max_bytes=self._config.max_bytes)
        if not data:
            raise NotAnImage(f"{_HOST} answered with an empty file.")
        return data


def _noted(header: str | None) -> str | None:
    if not header or len(header) > _MAX_NOTED_HEADER_CHARS:
        return None
    return header if header.isascii() and header.isprintable() else None
