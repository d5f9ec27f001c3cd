"""What went wrong outside, in our own errors and in sentences for the owner of a shop."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
from aiohttp.http_exceptions import LineTooLong

from app.domain.errors import (
    AddressBlocked,
    ConnectFailed,
    DnsFailed,
    HttpStatusError,
    HttpStatusRetryable,
    ImageError,
    InvalidUrl,
    ResponseTooLarge,
    TlsFailed,
)
from app.domain.retry import RETRY_AFTER_READ_SECONDS_MAX
from app.outbound.client import AddressRefused, AnswerUnbounded
from app.outbound.guard import BLOCKED_MESSAGE

# Who the sentences about a fetch speak of.
IMAGE_HOST = "The image's host"

_KEPT_OUT = (
    "If a browser shows the picture, the host keeps out other sites (hot-link protection) or "
    "robots. Ask whoever runs the host to let this service in, or the operator of this service to "
    "give it what that host asks for in HOSTS_FILE."
)


def translate(error: Exception, host: str) -> ImageError:
    """Turn the HTTP client's trouble into one of our errors.

    Args:
        error: what aiohttp or a socket raised.
        host: who it happened with, as the subject of a sentence: "The image's host".
    """
    causes = _with_causes(error)
    if any(isinstance(cause, AddressRefused) for cause in causes):
        return AddressBlocked(BLOCKED_MESSAGE)
    if any(isinstance(cause, ssl.CertificateError) for cause in causes):
        return TlsFailed(f"{host} has no valid certificate for https.")
    # A connection that ends in the middle of TLS is a cut connection and worth another try.
    if any(
        isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError)
        for cause in causes
    ):
        return TlsFailed(f"{host} does not speak https as it should.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return DnsFailed("The host name of the address could not be found.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectFailed(f"{host} cannot be reached.")
    if any(isinstance(cause, AnswerUnbounded | LineTooLong) for cause in causes):
        return ResponseTooLarge(f"{host} sent too much besides the file itself.")
    if isinstance(error, aiohttp.InvalidURL):
        return InvalidUrl("The address is not a valid URL.")
    if isinstance(error, aiohttp.ClientResponseError):
        return ConnectFailed(f"{host} sent an answer that is not valid HTTP.")
    return ConnectFailed(f"{host} broke off the connection before its answer was complete.")


def status_error(status: int, headers: Mapping[str, str], host: str) -> HttpStatusError:
    """Return the error for a status that is no success; 408, 429 and 5xx are worth a retry."""
    message = f"{host} answered {status_text(status)}."
    if status in (401, 403):
        message = f"{message} {_KEPT_OUT}"
    if status not in (408, 429) and not 500 <= status <= 599:
        return HttpStatusError(message, http_status=status)
    return HttpStatusRetryable(
        message,
        http_status=status,
        retry_after_seconds=retry_after_seconds(headers.get("Retry-After")),
    )


def status_text(status: int) -> str:
    """Return a status with its meaning: "404 (not found)"."""
    try:
        return f"{status} ({HTTPStatus(status).phrase.lower()})"
    except ValueError:
        return str(status)


def retry_after_seconds(value: str | None, *, now: datetime | None = None) -> float | None:
    """Return the pause that a Retry-After header asks for, at most ten years; None if it has none.

    Source: RFC 9110 10.2.3: a whole number of seconds, or a date.
    """
    if value is None or not value.isascii() or len(value) > 1_000:
        return None
    value = value.strip()
    if value.isdigit():
        return min(float(value), RETRY_AFTER_READ_SECONDS_MAX)
    try:
        until = parsedate_to_datetime(value)
        # A date without a zone is meant as GMT, as the RFC asks for.
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        pause = (until - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(pause, 0.0), RETRY_AFTER_READ_SECONDS_MAX)


def _with_causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain
