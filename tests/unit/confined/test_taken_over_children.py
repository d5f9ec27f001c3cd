"""Code in a codec child's rights tries to get out: each way is refused, also for root."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator, MutableMapping, Sequence
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from app.codecs import pool, process
from app.codecs.pool import CodecLimits
from app.confined import kernel
from app.confined.sandbox import ALL_LAYERS, names
from app.domain.errors import CorruptImage, DecoderCrashed, NotACsv
from app.domain.options import ProcessingOptions
from app.intake import workbook
from tests.unit.confined.actions import ACTIONS

LIMITS = CodecLimits(50_000_000, 800_000_000, cpu_seconds=20, wall_seconds=30)
OPTIONS = ProcessingOptions().pictures  # type: ignore[call-arg]
Line = MutableMapping[str, Any]
SECRET = ctypes.create_string_buffer(b"secret", 6)
# What anybody may do to a parent or with a file of the same user, unless something forbids it.
POSSIBLE = (
    *("read a file of the system", "ask whether a file exists", "list a folder"),
    *("read the database", "write the database", "create a file", "make a folder"),
    *("signal the parent", "get hold of the parent"),
    *("make a program in memory", "fork", "make a socket", "make a socket of Unix"),
    *("connect to a server", "keep the other children from waiting", "io_uring"),
    *("map memory to run code from", "make memory run code", "share memory by a key"),
)
FROM_A_WORKBOOK = (
    *("read a file of the system", "read the environment of the parent", "create a file"),
    *("read the memory of the parent", "make a socket", "fork", "run a program"),
)
pytestmark = pytest.mark.skipif(
    kernel.machine() is None or not Path("/proc/sys/kernel/seccomp/actions_avail").exists(),
    reason="this system has no seccomp filters",
)


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


def lines_of(
    monkeypatch: pytest.MonkeyPatch, *modules: ModuleType
) -> list[MutableMapping[str, Any]]:
    """What these modules log from now on; their own loggers may be set up for a service by now."""
    capture = LogCapture()
    for module in modules:
        logger = structlog.wrap_logger(
            None, processors=[capture], wrapper_class=structlog.BoundLogger
        )
        monkeypatch.setattr(module, "log", logger)
    return capture.entries


def ends_of(
    actions: Sequence[str], around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, str], Line]:
    """How each action ends in a child that is started by the pool as all of them are.

    The second is the line in the log that says what shuts the children in.
    """
    ends: dict[str, str] = {}
    monkeypatch.setattr(process, "CHILD", "tests.unit.confined.probe_child")
    lines = lines_of(monkeypatch, pool, process)

    async def main() -> None:
        children = pool.CodecPool(1, LIMITS)
        children.start()
        try:
            for name in actions:
                try:
                    await children.compress(json.dumps([name, around]).encode(), OPTIONS)
                except CorruptImage as error:
                    ends[name] = error.message
                except DecoderCrashed:
                    lost = [line for line in lines if line["event"] == "codec_child_lost"]
                    ends[name] = signal.Signals(-lost[-1]["returncode"]).name
        finally:
            await children.close()

    asyncio.run(main())
    (told,) = (line for line in lines if line["event"] == "sandbox")
    return ends, told


def test_whatever_a_taken_over_decoder_tries_is_refused(
    around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(ACTIONS) >= 40
    ends, _ = ends_of([*ACTIONS], around, monkeypatch)
    assert ends == {name: action.end for name, action in ACTIONS.items()}
    assert SECRET.raw == b"secret"


def test_without_the_sandbox_the_same_actions_succeed(
    around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(process.CHILD_ENVIRONMENT, "WITHOUT_SANDBOX", "1")
    ends, _ = ends_of(POSSIBLE, around, monkeypatch)
    assert [name for name, end in ends.items() if not end.startswith("it got")] == []


def test_the_start_says_in_one_line_what_shuts_the_children_in(
    around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the children that the second and third action end, no line tells again.
    _, told = ends_of(["mount", "bpf", "keyctl"], around, monkeypatch)
    assert {*told["layers"], *told["missing"]} == {*names(ALL_LAYERS)}
    assert told["log_level"] == ("warning" if told["missing"] else "info")
    assert told["service_closed"]


def test_where_the_kernel_has_no_layer_the_start_warns_and_children_go_on(
    around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(process.CHILD_ENVIRONMENT, "WITHOUT_SANDBOX", "1")
    ends, told = ends_of(["read a file of the system"], around, monkeypatch)
    assert ends["read a file of the system"].startswith("it got")
    assert (told["log_level"], told["layers"]) == ("warning", [])
    assert told["missing"] == ["not_dumpable", "no_capabilities", "landlock", "seccomp"]


@pytest.mark.parametrize("name", FROM_A_WORKBOOK)
def test_a_taken_over_reader_of_workbooks_is_refused_the_same(
    name: str, around: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "CHILD", "tests.unit.confined.probe_workbook_child")
    upload = BytesIO(b"PK\x03\x04" + json.dumps([name, around]).encode())
    lines = lines_of(monkeypatch, workbook)
    with (
        pytest.raises(NotACsv) as refused,
        workbook.open_table(upload, max_bytes=1_000),
    ):
        pass
    died = [signal.Signals(-line["returncode"]).name for line in lines if "returncode" in line]
    assert (died or [refused.value.detail]) == [ACTIONS[name].end]
