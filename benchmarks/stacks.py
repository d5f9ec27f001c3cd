"""The service as users run it: `python -m app serve` on the embedded default or on real servers."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import own_children
from tests.parts.postgres import PostgresServer
from tests.parts.process import REPOSITORY, free_port
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import start_rclone

START_SECONDS = 60
STOP_SECONDS = 60
# Each question costs the service a little; the request's own clock tells when it was done.
POLL_SECONDS = 0.5
FINAL = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True)
class Parts:
    """Running servers: the settings that lead to them, and their processes by name."""

    environment: dict[str, str] = field(default_factory=dict)
    roots: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """A running service and a client of it."""

    pid: int
    client: httpx.Client
    log: Path
    data_dir: Path

    def upload(self, csv: Path, **options: str) -> dict[str, Any]:
        """Hand in a CSV; returns the 202's document."""
        with csv.open("rb") as file:
            answer = self.client.post("/upload", files={"file": file}, data=options)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    def finished(self, request_id: str, *, limit_seconds: float = 7200) -> dict[str, Any]:
        """Wait for a request's end; returns its last status."""
        deadline = time.monotonic() + limit_seconds
        while time.monotonic() < deadline:
            status: dict[str, Any] = self.client.get(f"/status/{request_id}").json()
            if status["status"] in FINAL:
                return status
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"request {request_id} did not end; the log is {self.log}")


@contextmanager
def real_parts(*, s3: bool = True) -> Iterator[Parts]:
    """Postgres, Redis and, if asked for, an S3 server, empty, as long as the block runs."""
    parts = Parts()
    with ExitStack() as stack:
        postgres = _started(parts, "Postgres", PostgresServer)
        stack.callback(postgres.stop)
        redis = _started(parts, "Redis", RedisServer)
        stack.callback(redis.stop)
        parts.environment["DATABASE_URL"] = postgres.new_database()
        parts.environment["REDIS_URL"] = redis.new_database()
        if s3:
            store = _started(parts, "S3", start_rclone)
            stack.callback(store.stop)
            parts.environment.update(
                S3_BUCKET="benchmark",
                S3_ENDPOINT_URL=store.endpoint_url,
                AWS_ACCESS_KEY_ID=store.access_key,
                AWS_SECRET_ACCESS_KEY=store.secret_key,
            )
        yield parts


def service(environment: Mapping[str, str]) -> AbstractContextManager[Service]:
    """The whole service on these settings; the worker is where they put it."""
    return _served(environment, lambda _: ("app", "serve"))


def api_only(environment: Mapping[str, str]) -> AbstractContextManager[Service]:
    """The API alone. With REDIS_URL nobody works, so that uploads can be looked at in peace."""
    return _served(
        environment,
        lambda port: ("uvicorn", "app.main:app", f"--port={port}", "--no-access-log"),
    )


@contextmanager
def _served(
    environment: Mapping[str, str], module: Callable[[int], Sequence[str]]
) -> Iterator[Service]:
    """Run a module that serves the API on a port, on a fresh DATA_DIR; ended by SIGTERM.

    Raises:
        RuntimeError: it did not start; the message has the end of its log.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ips-benchmark-") as folder:
        log = Path(folder) / "service.log"
        settings = {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "DATA_DIR": folder,
            "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
            **environment,
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *module(port)],
                cwd=REPOSITORY,
                env=os.environ | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the benchmark, which then ends the service itself.
                start_new_session=True,
            )
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=900, trust_env=False
            ) as client:
                _wait_until_ready(client, process, log)
                yield Service(process.pid, client, log, Path(folder))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def seconds_between(started: float, moment: str) -> float:
    """From a `time.time()` of this machine to a moment that the service on it has written."""
    return datetime.fromisoformat(moment).timestamp() - started


def role(command_line: str) -> str:
    """What a process of the service does, told by how it was started."""
    if "app.imaging.child" in command_line:
        return "codec"
    return "worker" if "worker(" in command_line else "api"


def _started(parts: Parts, name: str, start: Callable[[], Any]) -> Any:
    before = own_children()
    server = start()
    parts.roots[name] = sorted(own_children() - before)
    return server


def _wait_until_ready(client: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    end = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"The service did not start:\n{end}")
