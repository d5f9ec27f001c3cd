"""The last answer of a fetch: whether it has a file, and as much of that as is wanted."""

import asyncio
import re

import aiohttp

from app.domain.errors import NotAnImage, ResponseTooLarge
from app.outbound.content_encoding import encodings, unpack, unpack_start
from app.outbound.failures import IMAGE_HOST, status_error

FIRST_BYTES = 64 * 1024

_WITH_BODY = frozenset({200, 203})
_NO_BODY = frozenset({204, 205})
_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416
_MAX_NOTED_HEADER_CHARS = 256
# RFC 9110 14.4; no more digits than a size can have.
_CONTENT_RANGE = re.compile(r"bytes (?:([0-9]{1,19})-[0-9]{1,19}|\*)/([0-9]{1,19}|\*)")


async def whole_file(response: aiohttp.ClientResponse, *, max_bytes: int) -> bytes:
    """The whole file, unpacked.

    Raises:
        ImageError: the status is that of no file, or the file is empty, too large or broken.
    """
    _expect_body(response)
    if response.status not in _WITH_BODY:
        raise status_error(response.status, response.headers, IMAGE_HOST)
    _expect_size(_announced(response), max_bytes)
    data = await _read(response, max_bytes)
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    _expect_bytes(data)
    encoding = _encoding(response)
    if encoding is None:
        return data
    # In a thread: unpacking up to the limit takes longer than other fetches should wait.
    data = await asyncio.to_thread(unpack, data, encoding, max_bytes=max_bytes)
    _expect_bytes(data)
    return data


async def first_bytes(
    response: aiohttp.ClientResponse, *, max_bytes: int
) -> tuple[bytes, int | None]:
    """At most the first 64 KiB of the file, unpacked, and its whole size where the host says it.

    Args:
        response: the answer to a request for these bytes, be it obeyed or not.
        max_bytes: the largest whole file.
    Raises:
        ImageError: as for the whole file.
    """
    _expect_body(response)
    if response.status in _WITH_BODY:
        size = _announced(response)
    else:
        first, size = _content_range(response)
        if response.status == _RANGE_NOT_SATISFIABLE and not size:
            # An empty file has no first byte.
            raise _empty()
        if response.status != _PARTIAL_CONTENT or first > 0:
            raise status_error(response.status, response.headers, IMAGE_HOST)
    _expect_size(size, max_bytes)
    data = (await _read(response, FIRST_BYTES - 1))[:FIRST_BYTES]
    _expect_bytes(data)
    encoding = _encoding(response)
    if encoding is None:
        return data, size
    # The size that was said is that of the compressed form.
    data = unpack_start(data, encoding, at_most=FIRST_BYTES)
    _expect_bytes(data)
    return data, None


def noted(header: str | None) -> str | None:
    """A header's value, or None where it is not short printable ASCII."""
    if not header or len(header) > _MAX_NOTED_HEADER_CHARS:
        return None
    return header if header.isascii() and header.isprintable() else None


async def _read(response: aiohttp.ClientResponse, at_least: int) -> bytes:
    """The body up to its end, or until there are more bytes than these."""
    body = response.content
    data = await body.readany()
    if body.at_eof():
        return data
    # A file in several pieces is collected in place: a list of pieces would cost a hostile host one
    # byte for each of our objects.
    collected = bytearray(data)
    while len(collected) <= at_least and (piece := await body.readany()):
        collected += piece
    return bytes(collected)


def _expect_body(response: aiohttp.ClientResponse) -> None:
    if response.status in _NO_BODY:
        raise NotAnImage(f"{IMAGE_HOST} answered without a file.")


def _expect_bytes(data: bytes) -> None:
    if not data:
        raise _empty()


def _expect_size(size: int | None, max_bytes: int) -> None:
    if size is not None and size > max_bytes:
        raise _too_large(max_bytes)


def _empty() -> NotAnImage:
    return NotAnImage(f"{IMAGE_HOST} answered with an empty file.")


def _too_large(max_bytes: int) -> ResponseTooLarge:
    return ResponseTooLarge(
        f"The image's file is larger than the {max_bytes:,} bytes that are allowed."
    )


def _announced(response: aiohttp.ClientResponse) -> int | None:
    announced = response.headers.get("Content-Length", "")
    return int(announced[:20]) if announced.isascii() and announced.isdecimal() else None


def _content_range(response: aiohttp.ClientResponse) -> tuple[int, int | None]:
    """The first byte that the answer has, and the size of the whole."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None:
        return 0, None
    return int(match[1] or 0), None if match[2] == "*" else int(match[2])


def _encoding(response: aiohttp.ClientResponse) -> str | None:
    named = encodings(response.headers.get("Content-Encoding"))
    if len(named) > 1:
        raise NotAnImage(f"{IMAGE_HOST} sent the file compressed more than once.")
    return named[0] if named else None
