"""Running the real commands, as a person would."""

import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import httpx

from tests.kills.launcher import launcher_of_this_process
from tests.parts.process import REPOSITORY, free_port

SECONDS = 60


def clean_environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """An environment with our settings and none of the caller's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(REPOSITORY),
        "DATA_DIR": str(data_dir),
        "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
        "CODEC_PROCESSES": "1",
        **settings,
    }


def start_app(*arguments: str, folder: Path, **settings: str) -> "subprocess.Popen[str]":
    """Start `python -m app` in this folder, with its DATA_DIR in `folder/data`."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=folder,
        env=clean_environment(folder / "data", **settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own: signals and the search for leftovers mean this command alone.
        start_new_session=True,
    )


def run_app(
    *arguments: str, folder: Path, stdin: bytes | None = None, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m app` to its end; a traceback is always a failure of the test."""
    with tempfile.TemporaryDirectory() as outside:
        said, errors, given = (Path(outside, name) for name in ("stdout", "stderr", "stdin"))
        given.write_bytes(stdin or b"")
        process = launcher_of_this_process().start(
            *arguments,
            environment=clean_environment(folder / "data", **settings),
            log=said,
            errors=errors,
            stdin=given,
            folder=folder,
        )
        try:
            code = process.wait(SECONDS)
        finally:
            if process.is_alive:
                process.kill()
        done = subprocess.CompletedProcess(
            arguments, code, said.read_text("utf-8"), errors.read_text("utf-8")
        )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@contextmanager
def running_service(folder: Path, **settings: str) -> Iterator[str]:
    """`python -m app serve` on a free port, for the block; gives its address."""
    port = free_port()
    log = folder / "serve.log"
    environment = clean_environment(folder / "data", PORT=str(port), **settings)
    process = launcher_of_this_process().start(
        "serve", environment=environment, log=log, folder=folder
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + SECONDS
        while not _is_ready(url):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        assert process.wait(SECONDS) == 0, log.read_text()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV by their headers."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def output_urls(path: Path) -> list[list[str]]:
    """The places of each row of an output CSV."""
    rows = rows_of(path.read_text(encoding="utf-8"))
    return [row["Output Image Urls"].split(",") for row in rows]


def all_output_urls(path: Path) -> list[str]:
    """The places of all rows, one after the other."""
    return list(chain(*output_urls(path)))


def visible_files(folder: Path) -> set[str]:
    """What a command left in the caller's folder, hidden files among it."""
    return {path.name for path in folder.iterdir()} - {"data"}
