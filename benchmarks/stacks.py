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
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.processes import free_memory_bytes
from tests.parts.postgres import PostgresServer
from tests.parts.process import REPOSITORY, free_port, own_children
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import start_rclone

START_SECONDS = 60
STOP_SECONDS = 60
# Each question costs the service a little; the request's own clock tells when it was done.
POLL_SECONDS = 0.5
# All but the first are what `run.sh` and the Docker image set.
AS_USERS_START_IT = {
    "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
    "MALLOC_ARENA_MAX": "2",
    "TOKIO_WORKER_THREADS": "1",
}
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


@dataclass(frozen=True)
class Worker:
    """A running worker process, and where its counters are."""

    pid: int
    metrics_url: str

    def images_done(self) -> int:
        """Images that it has brought to their end since its start."""
        text = httpx.get(self.metrics_url, trust_env=False).raise_for_status().text
        return round(
            sum(
                sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if sample.name == "images_finished_total"
            )
        )


@contextmanager
def real_parts(*, s3: bool = True) -> Iterator[Parts]:
    """Postgres, Redis and, if asked for, an S3 server, empty, as long as the block runs.

    The S3 server keeps objects in its memory: whoever stores much has to delete it.
    """
    parts = Parts()
    with ExitStack() as stack:
        # Postgres' own default; the tests' servers make do with less.
        postgres = _started(parts, "Postgres", lambda: PostgresServer(shared_buffers="128MB"))
        stack.callback(postgres.stop)
        redis = _started(parts, "Redis", RedisServer)
        stack.callback(redis.stop)
        parts.environment["DATABASE_URL"] = postgres.new_database()
        parts.environment["REDIS_URL"] = redis.new_database()
        if s3:
            store = _started(parts, "S3", lambda: start_rclone(in_memory=True))
            stack.callback(store.stop)
            parts.environment.update(
                S3_BUCKET="benchmark",
                S3_ENDPOINT_URL=store.endpoint_url,
                AWS_ACCESS_KEY_ID=store.access_key,
                AWS_SECRET_ACCESS_KEY=store.secret_key,
            )
        yield parts


def service(
    environment: Mapping[str, str], *, within: Path | None = None
) -> AbstractContextManager[Service]:
    """The whole service on these settings; the worker is where they put it.

    Args:
        within: where its DATA_DIR is made; None: among other temporary files.
    """
    return _served(environment, ("serve",), within)


def memory_disk(*, files: int, file_bytes: int) -> Path | None:
    """The folder whose files Linux keeps in memory; None where so many have no room there.

    Half of the memory that is free is left to programs.
    """
    folder = Path("/dev/shm")
    if not folder.is_dir():
        return None
    file_system = os.statvfs(folder)
    room = min(file_system.f_bavail * file_system.f_frsize, free_memory_bytes() // 2)
    return folder if room >= files * file_bytes and file_system.f_favail >= files else None


def api_only(
    environment: Mapping[str, str], *, code: Path = REPOSITORY
) -> AbstractContextManager[Service]:
    """The API alone. With REDIS_URL nobody works, so that uploads can be looked at in peace.

    Args:
        code: the checkout whose service is started.
    """
    return _served(environment, ("serve", "--no-worker"), code=code)


@contextmanager
def worker(environment: Mapping[str, str], *, code: Path = REPOSITORY) -> Iterator[Worker]:
    """One worker process more, with codec children of its own.

    Args:
        code: the checkout whose worker is started.
    Raises:
        RuntimeError: it did not start; the message has the end of its log.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ips-benchmark-") as folder:
        log = Path(folder) / "worker.log"
        settings = {"DATA_DIR": folder, "METRICS_PORT": str(port), **environment}
        with _process(("worker",), settings, log, code) as process:
            # It takes hints from here on; its metrics answer earlier.
            _wait_until(lambda: "worker_started" in log.read_text("utf-8"), process, log)
            yield Worker(process.pid, f"http://127.0.0.1:{port}/metrics")


@contextmanager
def _served(
    environment: Mapping[str, str],
    command: Sequence[str],
    within: Path | None = None,
    code: Path = REPOSITORY,
) -> Iterator[Service]:
    """Run a command that serves the API on a port, on a fresh DATA_DIR.

    Raises:
        RuntimeError: it did not start; the message has the end of its log.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ips-benchmark-", dir=within) as folder:
        log = Path(folder) / "service.log"
        settings = {"HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": folder, **environment}
        with (
            _process(command, settings, log, code) as process,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=900, trust_env=False
            ) as client,
        ):
            _wait_until(lambda: _is_ready(client), process, log)
            yield Service(process.pid, client, log, Path(folder))


@contextmanager
def _process(
    command: Sequence[str], settings: Mapping[str, str], log: Path, code: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A command of the product, ended by SIGTERM."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *command],
            cwd=code,
            env={**os.environ, **AS_USERS_START_IT, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the benchmark, which then ends the service itself.
            start_new_session=True,
        )
    try:
        yield process
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
    if "app.codecs.child" in command_line:
        return "codec"
    return "worker" if "worker(" in command_line else "api"


def _started(parts: Parts, name: str, start: Callable[[], Any]) -> Any:
    before = own_children()
    server = start()
    parts.roots[name] = sorted(own_children() - before)
    return server


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _wait_until(ready: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return
        time.sleep(0.1)
    end = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"The service did not start:\n{end}")
