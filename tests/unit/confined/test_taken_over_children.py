"""Code in a codec child's rights tries to get out: each way is refused, also for root."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.codecs import process
from app.codecs.pool import CodecLimits, CodecPool
from app.confined import kernel
from app.domain.errors import CorruptImage, DecoderCrashed
from app.domain.options import ProcessingOptions
from tests.unit.confined.actions import ACTIONS

LIMITS = CodecLimits(50_000_000, 800_000_000, cpu_seconds=20, wall_seconds=30)
OPTIONS = ProcessingOptions()  # type: ignore[call-arg]
SECRET = ctypes.create_string_buffer(b"secret", 6)
# What anybody may do to a parent or with a file of the same user, unless something forbids it.
POSSIBLE = (
    *("read a file of the system", "ask whether a file exists", "list a folder"),
    *("read the database", "write the database", "create a file", "make a folder"),
    *("signal the parent", "slow the parent down", "get hold of the parent"),
    *("make a program in memory", "fork", "make a socket", "make a socket of Unix"),
    *("connect to a server", "keep the other children from waiting", "io_uring"),
    *("map memory to run code from", "make memory run code", "share memory by a key"),
)
pytestmark = pytest.mark.skipif(kernel.machine() is None, reason="a sandbox needs Linux")


@pytest.fixture
def around(tmp_path: Path) -> Iterator[tuple[object, ...]]:
    """Everything that there is to reach; see `Around`."""
    for name in ("there", "there-too"):
        (tmp_path / name).touch()
    database = tmp_path / "images.db"
    with sqlite3.connect(database) as connection:
        connection.execute("create table images (id)")
    connection.close()
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield (
            *(os.getpid(), ctypes.addressof(SECRET), server.getsockname()[1]),
            *(str(database), str(tmp_path)),
        )


def ends_of(
    names: Sequence[str], around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """How each action ends in a child that is started by the pool as all of them are."""
    ends: dict[str, str] = {}
    monkeypatch.setattr(process, "CHILD", "tests.unit.confined.probe_child")

    async def main() -> None:
        pool = CodecPool(1, LIMITS)
        pool.start()
        try:
            for name in names:
                with capture_logs() as lines:
                    try:
                        await pool.compress(json.dumps([name, around]).encode(), OPTIONS)
                    except CorruptImage as error:
                        ends[name] = error.message
                    except DecoderCrashed:
                        (lost,) = (line for line in lines if line["event"] == "codec_child_lost")
                        ends[name] = signal.Signals(-lost["returncode"]).name
        finally:
            await pool.close()

    asyncio.run(main())
    return ends


def test_whatever_a_taken_over_decoder_tries_is_refused(
    around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(ACTIONS) >= 40
    ends = ends_of([*ACTIONS], around, monkeypatch)
    assert ends == {name: action.end for name, action in ACTIONS.items()}
    assert SECRET.raw == b"secret"


def test_without_the_sandbox_the_same_actions_succeed(
    around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(process.CHILD_ENVIRONMENT, "WITHOUT_SANDBOX", "1")
    ends = ends_of(POSSIBLE, around, monkeypatch)
    assert [name for name, end in ends.items() if not end.startswith("it got")] == []
