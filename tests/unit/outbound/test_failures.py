"""Retry-After, statuses and compressed bodies: the small parsers of what hosts send."""

import gzip
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import CorruptImage, HttpStatusRetryable, NotAnImage, ResponseTooLarge
from app.outbound.content_encoding import encodings, unpack
from app.outbound.failures import retry_after_seconds, status_error, status_text

TEN_YEARS = 315_360_000.0
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("300", 300.0),
        ("86400", 86_400.0),
        ("1" + "0" * 20, TEN_YEARS),
        ("9" * 900, TEN_YEARS),
        ("0" * 900 + "7", 7.0),
        ("9" * 5_000, None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٧", None),
        ("Fri, 20 Nov 2026 12:00:42 GMT", 42.0),
        ("Friday, 20-Nov-26 12:00:42 GMT", 42.0),
        ("Fri Nov 20 12:00:42 2026", 42.0),
        ("Fri, 20 Nov 2026 13:00:42 +0100", 42.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Sat, 20 Nov 2027 12:00:00 GMT", 365 * 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", TEN_YEARS),
        ("Fri, 99 Nov 2026 12:00:42 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_told_whole(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(header, now=NOW) == seconds


@given(st.text() | st.text('MonJa 0123456789:,+-GMT()"\\<>@.\x00'))
def test_no_retry_after_breaks_the_reader(header: str) -> None:
    seconds = retry_after_seconds(header)
    assert seconds is None or 0 <= seconds <= TEN_YEARS


@pytest.mark.parametrize(
    ("status", "retryable", "seconds"),
    [
        (404, False, None),
        (410, False, None),
        (304, False, None),
        (206, False, None),
        (408, True, 5.0),
        (429, True, 5.0),
        (500, True, 5.0),
        (503, True, 5.0),
        (599, True, 5.0),
        (999, False, None),
    ],
)
def test_only_statuses_that_may_pass_are_retryable(
    status: int, retryable: bool, seconds: float | None
) -> None:
    error = status_error(status, {"Retry-After": "5"}, "The image's host")
    assert (error.code, error.http_status) == ("http_status", status)
    assert error.retryable is retryable
    assert isinstance(error, HttpStatusRetryable) is retryable
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize("status", [401, 403])
def test_a_host_that_keeps_us_out_is_said_to_do_so_and_who_can_help(status: int) -> None:
    message = status_error(status, {}, "The image's host").message
    assert message.startswith(f"The image's host answered {status_text(status)}. ")
    for words in ("hot-link protection", "robots", "HOSTS_FILE"):
        assert words in message
    plain = status_error(404, {}, "The image's host").message
    assert plain == "The image's host answered 404 (not found)."


def test_a_status_is_told_with_its_meaning() -> None:
    assert status_text(404) == "404 (not found)"
    assert status_text(999) == "999"


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (None, []),
        ("", []),
        ("identity", []),
        ("aws-chunked", []),
        ("aws-chunked, gzip", ["gzip"]),
        (" GZip ", ["gzip"]),
        ("gzip, br", ["gzip", "br"]),
    ],
)
def test_encodings_that_change_nothing_are_left_out(header: str | None, named: list[str]) -> None:
    assert encodings(header) == named


def test_unpacking_stops_at_the_limit() -> None:
    data = bytes(1_000)
    for encoding, packed in (("gzip", gzip.compress(data)), ("deflate", zlib.compress(data))):
        assert unpack(packed, encoding, max_bytes=1_000) == data
        with pytest.raises(ResponseTooLarge):
            unpack(packed, encoding, max_bytes=999)


def test_a_gzip_file_with_padding_behind_it_is_taken() -> None:
    assert unpack(gzip.compress(b"picture") + bytes(100), "gzip", max_bytes=10) == b"picture"


def test_every_cut_of_a_compressed_file_is_an_error() -> None:
    packed = gzip.compress(bytes(range(256)))
    for length in range(len(packed)):
        with pytest.raises(CorruptImage):
            unpack(packed[:length], "gzip", max_bytes=1_000)


@given(st.binary(), st.sampled_from(["gzip", "deflate", "x-gzip", "br", "zstd", "rot13"]))
def test_no_compressed_body_breaks_the_reader(body: bytes, encoding: str) -> None:
    try:
        assert len(unpack(body, encoding, max_bytes=100)) <= 100
    except (CorruptImage, NotAnImage, ResponseTooLarge):
        return
