"""The check that runs inside of a container."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cli.healthcheck import healthcheck
from app.worker.process.heartbeat import NAME, Heartbeat, worker_is_alive
from tests.parts.process import REPOSITORY, free_port


def check(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app.cli.healthcheck", *arguments],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_an_api_that_does_not_answer_is_ill_and_the_reason_is_said() -> None:
    done = check(PORT=str(free_port()), HOST="0.0.0.0")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_check_loads_none_of_the_services_libraries() -> None:
    code = "import sys, app.cli.healthcheck, app.worker.process.heartbeat; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert not {"pydantic", "sqlalchemy", "celery", "typer"} & set(done.stdout.split())


def test_a_turning_loop_is_alive_and_a_stopped_one_leaves_nothing(tmp_path: Path) -> None:
    async def beat() -> None:
        heartbeat = Heartbeat(tmp_path)
        heartbeat.start(asyncio.get_running_loop())
        assert worker_is_alive(tmp_path)
        heartbeat.stop()

    asyncio.run(beat())
    assert not worker_is_alive(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_loop_that_hung_is_not_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / f"{NAME}1").write_text(f"{time.time() + 20}")
    assert healthcheck(worker=True) == 0
    (tmp_path / f"{NAME}1").write_text(f"{time.time() - 1}")
    assert healthcheck(worker=True) == 1
    assert "no worker" in capsys.readouterr().err
