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

# The store takes nothing with less than 64 MiB of free space; the reserve is made with 128.
DISK_MIB = 190
BLOCK = b"\0" * 1_000_000
START_SECONDS = 60
# Root may mount without a namespace of users, which containers and chroots often forbid.
APART = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]


class SmallDisk:
    """Services whose `DATA_DIR` is a disk of its own, seen from outside through /proc.

    A process that does nothing keeps the disk, so that a service may end and start on it again.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "disk").mkdir()
        port = free_port()
        self._environment = Stack("embedded", folder / "disk", {}).environment(port)
        script = f'mount -t tmpfs -o size={DISK_MIB}m small "$DATA_DIR" && exec cat'
        self._keeper = subprocess.Popen(
            ["unshare", *APART, "sh", "-c", script],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        self._disk = Path(f"/proc/{self._keeper.pid}/root{folder}/disk")
        until(lambda: self._disk.is_mount(), START_SECONDS)
        self._log = (folder / "serve.log").open("wb")
        self._process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15)

    def start(self) -> None:
        """Start a service; it answers when this returns, ready or not."""
        enter = ["nsenter", "--target", str(self._keeper.pid), "--mount"]
        if "--user" in APART:
            enter += ["--user", "--preserve-credentials"]
        # Ended by its own pid below, in the test's order or at its end.
        self._process = subprocess.Popen(
            [*enter, f"--wd={REPOSITORY}", sys.executable, "-m", "app", "serve"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        until(self._answers, START_SECONDS)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return self.client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        return Path(self._log.name).read_text()

    def is_ready(self) -> bool:
        return self.client.get("/readyz").status_code == 200

    def fill(self, *, but_bytes: int = 0) -> None:
        """Leave no byte free, or this many."""
        ballast = self._disk / "ballast"
        with ballast.open("ab", buffering=0) as file:
            for block in (BLOCK, BLOCK[:4096], BLOCK[:1]):
                try:
                    while file.write(block):
                        pass
                except OSError:
                    continue
        if but_bytes:
            os.truncate(ballast, ballast.stat().st_size - but_bytes)

    def clear(self) -> None:
        """Give the space back."""
        (self._disk / "ballast").unlink()

    def has_reserve(self) -> bool:
        return (self._disk / "reserve").exists()

    def upload(self, job: Job) -> httpx.Response:
        file = ("products.csv", job.content, "text/csv")
        return self.client.post("/upload", files={"file": file})

    def status(self, request_id: str) -> str:
        answer = self.client.get(f"/status/{request_id}")
        assert answer.status_code == 200, answer.text
        status: str = answer.json()["status"]
        return status

    def stop(self) -> None:
        """End the service, as an operator does."""
        if self._process is None:
            return
        family = family_of(self._process.pid)
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
        self._process.wait(20)
        until_gone(family)
        self._process = None

    def close(self) -> None:
        self.stop()
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(10)
        self.client.close()
        self._log.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path)
    try:
        made.start()
        until(made.is_ready)
        yield made
    finally:
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
    until(lambda: small.status(request_id) == "completed", 30)
    images = small.client.get(f"/status/{request_id}").json()["images"]
    assert (images["completed"], images["failed"]) == (60, 0)
    assert small.upload(refused).status_code == 202


# At 0 bytes, and where uploads are refused before SQLite has no room.
@pytest.mark.parametrize("left", [0, 1_000_000, 63 * 1024 * 1024])
def test_a_full_disk_can_be_started_on_read_and_deleted_from(
    small: SmallDisk, image_host: ImageHost, left: int
) -> None:
    done, running = make_job(image_host, images=20), make_job(image_host, images=60, delay=0.3)
    first, second = (small.upload(job).json()["request_id"] for job in (done, running))
    until(lambda: small.status(first) == "completed", 30)
    until(small.has_reserve)
    places = small.client.get(f"/status/{first}").json()["places"]
    small.fill(but_bytes=left)
    small.stop()
    # What the service has written at its end may have come out of the room that was left.
    small.fill(but_bytes=left)
    small.start()
    assert small.client.get("/readyz").status_code == 503
    assert small.upload(done).status_code == 503
    output = small.client.get(f"/download-output-csv/{first}")
    assert (output.status_code, output.text.count("/images/")) == (200, places)
    assert small.client.post(f"/requests/{second}/cancel").status_code == 200
    assert small.status(second) == "cancelled"
    for request_id in (first, second):
        assert small.client.delete(f"/requests/{request_id}").status_code == 204
        assert small.client.get(f"/status/{request_id}").status_code == 404
    small.clear()
    until(small.is_ready, 20)
    until(small.has_reserve, 20)
    assert "Traceback" not in small.log()


def test_twenty_times_full_and_free_again_damage_nothing(
    small: SmallDisk, image_host: ImageHost
) -> None:
    request_id = small.upload(make_job(image_host, images=80, delay=0.1)).json()["request_id"]
    for _ in range(20):
        small.fill()
        assert small.status(request_id) in {"pending", "processing", "completed"}
        small.clear()
        time.sleep(0.2)
    until(lambda: small.status(request_id) == "completed", 60)
    images = small.client.get(f"/status/{request_id}").json()["images"]
    assert (images["completed"], images["failed"]) == (80, 0)
    places = small.client.get(f"/status/{request_id}").json()["places"]
    output = small.client.get(f"/download-output-csv/{request_id}")
    assert output.text.count("/images/") == places
