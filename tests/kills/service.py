"""One service on one stack, which is started, killed and started again."""

import signal
from typing import Any

import httpx

from tests.e2e.served import FINAL
from tests.kills.jobs import Job
from tests.kills.launcher import Launcher, Process, until_gone
from tests.kills.points import API, POINTS, WORKER
from tests.kills.stacks import Stack
from tests.parts.process import free_port
from tests.parts.waiting import until

READY_SECONDS = 40
# Gone connections, refused ones and 503: whatever a client meets while a service is away.
AWAY = (httpx.TransportError,)


class Service:
    """API and worker of a stack; on the embedded one both roles are the same process."""

    def __init__(self, launcher: Launcher, stack: Stack, **settings: str) -> None:
        self.stack = stack
        self._launcher = launcher
        port = free_port()
        self.environment = stack.environment(port, **settings)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15)
        self.processes: dict[str, Process] = {}
        self._seen: list[int] = []
        self._points = 0
        self.marker = stack.data_dir / "nobody"

    @property
    def kills(self) -> list[float]:
        """When processes died of SIGKILL, on the monotonic clock."""
        return self._launcher.kills

    @property
    def roles(self) -> tuple[str, ...]:
        return (API,) if self.stack.is_embedded else (API, WORKER)

    def process(self, role: str) -> Process:
        """The process that has this role now."""
        return self.processes[API if self.stack.is_embedded else role]

    def start(
        self, point: str | None = None, *, freeze: bool = False, thrice: bool = False
    ) -> None:
        """Start what is not running, armed for `point` where it gets there; returns at once.

        Args:
            freeze: it stops there, with all that it holds, instead of dying.
        """
        armed = None
        if point is not None:
            self._points += 1
            self.marker = self.stack.data_dir / f"died-{self._points}"
            armed = API if self.stack.is_embedded else POINTS[point].role
            if armed in self.processes and self.processes[armed].is_alive:
                self.kill(armed)
        for role in self.roles:
            if role in self.processes and self.processes[role].is_alive:
                continue
            if role == WORKER:
                arguments = ["worker"]
            else:
                arguments = ["serve"] if self.stack.is_embedded else ["serve", "--no-worker"]
            self.processes[role] = self._launcher.start(
                *arguments,
                environment=self.environment,
                log=self.stack.data_dir / f"{role}.log",
                small=True,
                point=point if role == armed else None,
                marker=self.marker,
                signal_number=signal.SIGSTOP if freeze else signal.SIGKILL,
                thrice=thrice,
            )

    def wait_ready(self) -> None:
        """Wait until the API takes uploads."""
        until(self.is_ready, READY_SECONDS)

    def is_ready(self) -> bool:
        assert self.processes[API].is_alive, "the API ended by itself"
        try:
            return self.client.get("/readyz").status_code == 200
        except AWAY:
            return False

    def wait_death(self, point: str) -> None:
        """Wait until the armed process has died at its point, by its own hand."""
        assert self.process(POINTS[point].role).wait(30) == -signal.SIGKILL
        assert self.marker.exists(), "it died, but not there"

    def kill(self, role: str) -> None:
        """SIGKILL for the process of a role; its children see that and end by themselves."""
        self._seen += self.process(role).family()
        self.process(role).kill()

    def close(self) -> None:
        """Leave nothing behind."""
        for process in self.processes.values():
            if process.is_alive:
                self._seen += process.family()
                process.kill()
        self.client.close()
        until_gone(self._seen)

    def upload(self, job: Job, **form: str) -> bool:
        """Upload; False when no 202 came back. A repeat with the same key is the same upload."""
        file = ("products.csv", job.content, "text/csv")
        try:
            answer = self.client.post(
                "/upload", files={"file": file}, data=form, headers={"Idempotency-Key": job.key}
            )
        except AWAY:
            return False
        if answer.status_code == 503:
            return False
        assert answer.status_code == 202, answer.text
        job.request_id = answer.json()["request_id"]
        return True

    def status(self, job: Job) -> dict[str, Any]:
        answer = self.client.get(f"/status/{job.request_id}")
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def has_ended(self, job: Job) -> bool:
        """False, too, while the service is away."""
        try:
            answer = self.client.get(f"/status/{job.request_id}")
        except AWAY:
            return False
        assert answer.status_code in {200, 503}, answer.text
        return answer.status_code == 200 and answer.json()["status"] in FINAL

    def wait_end(self, job: Job, timeout_seconds: float = 40) -> dict[str, Any]:
        """Wait for the end of a request; its status."""
        until(lambda: self.has_ended(job), timeout_seconds)
        return self.status(job)

    def images(self, job: Job) -> list[dict[str, Any]]:
        answer = self.client.get(f"/requests/{job.request_id}/images", params={"limit": "200"})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def log(self) -> str:
        """What the processes had to say; for the message of a failed test."""
        files = sorted(self.stack.data_dir.glob("*.log"))
        return "\n".join(f"{file.name}:\n{file.read_text()[-6000:]}" for file in files)
