"""Ctrl-C and SIGTERM while a command works."""

import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.integration.cli.conftest import WriteCsv
from tests.integration.cli.parts import SECONDS, start_app, visible_files
from tests.parts.image_host import ImageHost


def statuses(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "data/service.db")
    try:
        return [row[0] for row in connection.execute("SELECT status FROM requests")]
    finally:
        connection.close()


def start_slow_run(folder: Path, image_host: ImageHost) -> "subprocess.Popen[str]":
    process = start_app("process", "products.csv", "--images", "pictures", folder=folder)
    deadline = time.monotonic() + SECONDS
    while not image_host.requests:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


def assert_nothing_is_left(process: "subprocess.Popen[str]") -> None:
    """The command was the leader of a group of its own, which dies with its last process."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a process of the command is still there")


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_the_request_and_leaves_nothing_behind(
    tmp_path: Path,
    write_csv: WriteCsv,
    image_host: ImageHost,
    number: signal.Signals,
    exit_code: int,
) -> None:
    write_csv(40, delay=2)
    process = start_slow_run(tmp_path, image_host)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == exit_code, stderr
    assert "The request is cancelled; no output was written." in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    assert visible_files(tmp_path) == {"products.csv"}
    assert statuses(tmp_path) == ["cancelled"]
    assert_nothing_is_left(process)


def test_a_second_signal_ends_it_at_once(
    tmp_path: Path, write_csv: WriteCsv, image_host: ImageHost
) -> None:
    write_csv(40, delay=2)
    process = start_slow_run(tmp_path, image_host)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    sent_at = time.monotonic()
    process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert time.monotonic() - sent_at < 1.5
    assert not (tmp_path / "products-output.csv").exists()
    assert_nothing_is_left(process)
