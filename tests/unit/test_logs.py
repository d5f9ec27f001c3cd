"""What never gets into a log line, whoever put it there."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from app.config import Settings
from app.logs import configure_logs, without_secrets

SIGNED = "https://b.s3.example/a.jpg?X-Amz-Credential=AKIA&X-Amz-Signature=5ec7e7"


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Where our own log goes while the test runs."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    configure_logs(Settings(_env_file=None, log_format=request.param))
    text = io.StringIO()
    handler: Any = root.handlers[0]
    handler.setStream(text)
    yield text
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


def fail(message: str) -> None:
    a_local = "the-" + "password"
    raise ValueError(message, len(a_local))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"GET {SIGNED} failed", "GET https://b.s3.example/a.jpg?… failed"),
        (f"URL('{SIGNED}')", "URL('https://b.s3.example/a.jpg?…')"),
        ("path /a?token=x, then", "path /a?… then"),
        ("redis://:pass@host:6379/0", "redis://…@host:6379/0"),
        ("postgresql+psycopg://me:pass@host/x", "postgresql+psycopg://…@host/x"),
        ("nothing to hide? no.", "nothing to hide? no."),
        ("somebody@shop.example wrote", "somebody@shop.example wrote"),
    ],
)
def test_queries_and_passwords_are_cut_out(text: str, expected: str) -> None:
    assert without_secrets(text) == expected


def test_no_field_of_an_event_shows_a_query(written: io.StringIO) -> None:
    structlog.get_logger("ours").warning(
        "something_failed",
        url=SIGNED,
        ids=(SIGNED, 1),
        facts={"seen": [SIGNED]},
        other=ValueError(SIGNED),
    )
    assert "something_failed" in written.getvalue()
    assert "5ec7e7" not in written.getvalue()


def test_no_traceback_shows_a_query_or_a_local_variable(written: io.StringIO) -> None:
    try:
        fail(f"cannot open {SIGNED}")
    except ValueError:
        structlog.get_logger("ours").exception("attempt_crashed")
    assert "cannot open https://b.s3.example/a.jpg?…" in written.getvalue()
    assert "5ec7e7" not in written.getvalue()
    assert "the-password" not in written.getvalue()


def test_libraries_speak_through_the_same_chain(written: io.StringIO) -> None:
    logging.getLogger("some.library").warning("retrying %s", SIGNED)
    assert "some.library" in written.getvalue()
    assert "5ec7e7" not in written.getvalue()


@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_a_json_event_is_one_line_even_with_a_traceback(written: io.StringIO) -> None:
    log = structlog.get_logger("ours")
    try:
        fail("two\nlines")
    except ValueError:
        log.exception("broken", request_id="r1")
    log.info("done", duration_ms=12)
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["event"], first["request_id"], first["level"]) == ("broken", "r1", "error")
    assert "ValueError: ('two" in first["exception"]
    assert second["duration_ms"] == 12
    assert second["timestamp"].endswith("Z")


def test_a_hostile_message_is_cleaned_in_no_time(written: io.StringIO) -> None:
    structlog.get_logger("ours").warning("bad", url="a://" * 50_000 + "?" * 50_000)
    assert written.getvalue()
