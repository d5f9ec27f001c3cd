"""`python -m app serve` as a process that tests may stop and kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.kills.launcher import Launcher, Process
from tests.parts.pids import PASSED_ON, is_alive, parent_of
from tests.parts.process import REPOSITORY, free_port
from tests.parts.waiting import until

DEFAULTS = {
    "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
    "CODEC_PROCESSES": "1",
    "LEASE_SECONDS": "2",
    "SWEEP_SECONDS": "0.5",
    "SHUTDOWN_GRACE_SECONDS": "5",
    "LOG_LEVEL": "warning",
}


class Served:
    """One service on one port and one `DATA_DIR`, which may be started again and again.

    Args:
        launcher: forks it instead of starting a Python, which takes seconds to import it all.
    """

    def __init__(
        self, data_dir: Path, *, launcher: Launcher | None = None, **settings: str
    ) -> None:
        port = free_port()
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        own = {"DATA_DIR": str(data_dir), "PORT": str(port)}
        self.environment = passed_on | DEFAULTS | own | settings
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)
        self._log = (data_dir / "serve.log").open("ab")
        self._launcher = launcher
        self._process: subprocess.Popen[bytes] | Process | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        if self._launcher is not None:
            self._process = self._launcher.start(
                "serve", environment=self.environment, log=Path(self._log.name)
            )
        else:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve"],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
            )
        until(self._is_ready, 30)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL for the service and everything that it has started."""
        family = self.family()
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        self._wait()
        until(lambda: not any(map(is_alive, family)))

    def terminate(self) -> int:
        """SIGTERM; returns the exit code once it and all that it has started are gone."""
        assert self._process is not None
        family = self.family()
        self._process.terminate()
        code = self._process.wait(30)
        until(lambda: not any(map(is_alive, family)), 5)
        return code

    def terminate_twice(self) -> int:
        """SIGTERM, and another one; returns the exit code once all that it started is gone."""
        assert self._process is not None
        family = self.family()
        self._process.terminate()
        # The first signal must have been seen, or both are one.
        time.sleep(0.5)
        self._process.terminate()
        code = self._process.wait(3)
        until(lambda: not any(map(is_alive, family)), 3)
        return code

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self.client.close()
        self._log.close()

    def family(self) -> list[int]:
        """The service's process and its descendants."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                parents.setdefault(parent_of(int(entry.name)), []).append(int(entry.name))
        family = [self.pid]
        for pid in family:
            family.extend(parents.get(pid, []))
        return family

    def upload(self, content: bytes, **form: str) -> str:
        """Upload a CSV; returns the request's id."""
        file = ("products.csv", content, "text/csv")
        answer = self.client.post("/upload", files={"file": file}, data=form)
        assert answer.status_code == 202, answer.text
        request_id: str = answer.json()["request_id"]
        return request_id

    def status(self, request_id: str) -> dict[str, Any]:
        document: dict[str, Any] = self.client.get(f"/status/{request_id}").json()
        return document

    def ended(self, request_id: str, *, timeout_seconds: float = 40) -> dict[str, Any]:
        """Wait for the end of a request; its status."""
        until(lambda: self.status(request_id)["status"] in FINAL, timeout_seconds)
        return self.status(request_id)

    def images(self, request_id: str) -> list[dict[str, Any]]:
        """All images of a request."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = self.client.get(f"/requests/{request_id}/images", params=query).json()
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the service ended by itself"
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(10)


FINAL = {"completed", "failed", "cancelled"}
