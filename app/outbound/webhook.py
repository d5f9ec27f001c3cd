"""Deliveries to an address that a user gave us, through the same door as the images."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

from app.domain.errors import ConnectFailed, DnsFailed, FetchTimeout, ImageError
from app.outbound.client import open_session
from app.outbound.failures import retry_after_seconds, status_text, translate
from app.outbound.guard import AddressGuard
from app.outbound.resolver import GuardedResolver, Lookup

_HOST = "The webhook's host"
_MAX_ANSWER_BYTES = 4 * 1024
# The status is the answer. The rest is read only so that a well-behaved receiver does not see its
# connection reset; it may not take time that the receiver chooses.
_ANSWER_BODY_SECONDS = 0.5
# What comes of asking somebody who does not answer; the rest is refused by us or is an answer.
_SILENCE = frozenset({FetchTimeout.code, ConnectFailed.code, DnsFailed.code})


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """How one attempt ended.

    `status_code` is None when no answer came. `error` is None for a 2xx, "http_status" for any
    other status (3xx too, as redirects are not followed), else the short code of the trouble:
    the codes of image errors. `message` is its sentence. `retry_after_seconds` is what the receiver
    asked for, whole.
    """

    status_code: int | None
    error: str | None
    message: str | None
    retry_after_seconds: float | None
    duration_ms: int

    @property
    def is_silence(self) -> bool:
        """True when the receiver did not answer, or could not be reached."""
        return self.error in _SILENCE


class WebhookSender:
    """Sends webhooks for one event loop; every delivery opens and closes its own connection.

    Args:
        guard: which addresses are allowed.
        user_agent: who calls.
        timeout_seconds: for one attempt, from the name to the answer's status.
        connect_seconds: of them, for the connection, from the name to the end of TLS.
        lookup: how names become addresses; None asks the operating system.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        user_agent: str,
        timeout_seconds: float = 15.0,
        connect_seconds: float = 5.0,
        lookup: Lookup | None = None,
    ) -> None:
        self._guard = guard
        self._user_agent = user_agent
        self._timeout_seconds = timeout_seconds
        self._connect_seconds = connect_seconds
        self._resolver = GuardedResolver(guard, lookup)
        self._session: aiohttp.ClientSession | None = None

    async def check(self, url: str) -> None:
        """Check an address when it is registered; `send` checks it again each time.

        Raises:
            InvalidUrl: not a web address.
            AddressBlocked: it leads, or one of its host's addresses leads, to where we do not go.
            DnsFailed: the host has no address now; the caller decides whether it may get one.
        """
        target = self._guard.parse(url)
        if target.literal is None:
            await self._resolver.addresses(target.host)

    async def send(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> WebhookAnswer:
        """POST `body` once and tell how it went; trouble on the way is an answer, no exception."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_seconds) as deadline:
                status, retry_after = await self._post(url, body, headers, deadline)
        except TimeoutError:
            limit = f"{self._timeout_seconds:g} seconds"
            return _failure(FetchTimeout(f"{_HOST} did not answer within {limit}."), started)
        except ImageError as error:
            return _failure(error, started)
        good = 200 <= status <= 299
        return WebhookAnswer(
            status_code=status,
            error=None if good else "http_status",
            message=None if good else f"{_HOST} answered {status_text(status)}.",
            retry_after_seconds=retry_after,
            duration_ms=_milliseconds_since(started),
        )

    async def aclose(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._resolver.close()

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], deadline: asyncio.Timeout
    ) -> tuple[int, float | None]:
        target = self._guard.parse(url)
        try:
            async with self._open().post(
                target.request_url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(connect=self._connect_seconds),
            ) as response:
                # The answer is here: a slow rest must not turn it into a time-out.
                deadline.reschedule(None)
                await _read_a_little(response.content)
                return response.status, retry_after_seconds(response.headers.get("Retry-After"))
        except aiohttp.ConnectionTimeoutError as error:
            limit = f"{self._connect_seconds:g} seconds"
            raise FetchTimeout(f"{_HOST} did not take the connection within {limit}.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise translate(error, _HOST) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = open_session(
                self._guard,
                self._resolver,
                user_agent=self._user_agent,
                connections_per_host=0,
                keep_alive=False,
            )
        return self._session


async def _read_a_little(body: aiohttp.StreamReader) -> None:
    with suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(_ANSWER_BODY_SECONDS):
            while not body.at_eof() and body.total_bytes < _MAX_ANSWER_BYTES:
                await body.readany()


def _failure(error: ImageError, started: float) -> WebhookAnswer:
    return WebhookAnswer(
        status_code=None,
        error=error.code,
        message=error.message,
        retry_after_seconds=None,
        duration_ms=_milliseconds_since(started),
    )


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1_000)
