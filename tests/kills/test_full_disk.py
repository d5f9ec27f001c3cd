"""The disk of the embedded stack is full: uploads say so, images wait, and nothing is lost.

The disk is a real one, a small tmpfs in a mount namespace that the service has for itself: no
privilege is needed for that where the kernel lets users have namespaces, and root always may.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kills.jobs import Job, make_job
from tests.kills.launcher import family_of, until_gone
from tests.kills.stacks import Stack
from tests.parts.image_host import ImageHost
from tests.parts.process import REPOSITORY, free_port
from tests.parts.waiting import until

# The store refuses to start with less than 64 MiB of free space.
DISK_MIB = 80
BLOCK = b"\0" * 1_000_000
START_SECONDS = 60


class SmallDisk:
    """A service whose `DATA_DIR` is a disk of its own, seen from outside through /proc."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        environment = Stack("embedded", folder / "disk", {}).environment(port)
        (folder / "disk").mkdir()
        script = f'mount -t tmpfs -o size={DISK_MIB}m small "$DATA_DIR" && exec "$0" -m app serve'
        self._log = (folder / "serve.log").open("wb")
        # Ended by its own pid below, in the test's order or at its end.
        self._process = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, sys.executable],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15)
        self._ballast = Path(f"/proc/{self._process.pid}/root{folder}/disk/ballast")
        until(self.is_ready, START_SECONDS)

    def is_ready(self) -> bool:
        assert self._process.poll() is None, Path(self._log.name).read_text()
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("wb", buffering=0) as file:
            for block in (BLOCK, BLOCK[:4096], BLOCK[:1]):
                try:
                    while file.write(block):
                        pass
                except OSError:
                    continue

    def clear(self) -> None:
        """Give the space back."""
        self._ballast.unlink()

    def upload(self, job: Job) -> httpx.Response:
        file = ("products.csv", job.content, "text/csv")
        return self.client.post("/upload", files={"file": file})

    def status(self, request_id: str) -> httpx.Response:
        return self.client.get(f"/status/{request_id}")

    def close(self) -> None:
        family = family_of(self._process.pid)
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
        self._process.wait(20)
        until_gone(family)
        self.client.close()
        self._log.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path)
    yield made
    made.close()


def test_a_full_disk_refuses_uploads_and_costs_no_image(
    small: SmallDisk, image_host: ImageHost
) -> None:
    running, refused = make_job(image_host, images=60, delay=0.2), make_job(image_host)
    request_id = small.upload(running).json()["request_id"]
    until(lambda: len(image_host.requests) >= 5)
    small.fill()
    answer = small.upload(refused)
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Retry-After" in answer.headers
    assert "disk" not in answer.text.lower()
    assert small.client.get("/readyz").status_code == 503
    time.sleep(2)
    assert small.client.get("/healthz").status_code == 200
    small.clear()
    until(small.is_ready, 20)
    until(lambda: small.status(request_id).json()["status"] == "completed", 30)
    status = small.status(request_id).json()
    assert (status["images"]["completed"], status["images"]["failed"]) == (60, 0)
    assert small.upload(refused).status_code == 202
