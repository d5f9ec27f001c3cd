"""A service whose `DATA_DIR` is a small disk of its own, which tests fill and clear.

The disk is a real one, a tmpfs in a mount namespace of its own. Root may have that in a container
and in a chroot as well, where the kernel refuses namespaces of users; others need one of those.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx

from tests.kills.jobs import Job
from tests.kills.launcher import family_of, until_gone
from tests.kills.stacks import embedded
from tests.parts.process import REPOSITORY, free_port
from tests.parts.waiting import until

MIB = 2**20
BLOCK = b"\0" * MIB
START_SECONDS = 60
# The commands before another one that let it mount; those that need less come first.
OWN_USERS = ["unshare", "--user", "--map-root-user", "--mount"]
NAMESPACES = [
    ["unshare", "--mount"],
    # The root of a chroot is no mount, so that nothing can be said of it.
    ["unshare", "--mount", "--propagation", "unchanged"],
    OWN_USERS,
]


def namespace() -> list[str]:
    """The first of these commands that works here."""
    for command in NAMESPACES:
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    raise AssertionError("no namespace for a small disk can be made here")


class SmallDisk:
    """A disk that outlives the services on it, seen from outside through /proc.

    Args:
        folder: for the mount's place and the services' logs.
        settings: of all the services on it.
    """

    def __init__(self, folder: Path, *, size_mib: int, **settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self._place = folder / "disk"
        self._place.mkdir()
        # Holds the mount until its standard input ends, whatever starts and ends on it meanwhile.
        script = f'mount -t tmpfs -o size={size_mib}m small "$0" && echo mounted && exec cat'
        own = namespace()
        self._users = own == OWN_USERS
        self._keeper = subprocess.Popen(
            [*own, "sh", "-c", script, str(self._place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"mounted\n", "no small disk could be mounted"
        self.path = Path(f"/proc/{self._keeper.pid}/root{self._place}")
        self._ballast = self.path / "ballast"
        self._log = folder / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client()

    def start(self) -> None:
        """Start a service; returns when it answers, ready or not."""
        port = free_port()
        environment = embedded(self._place).environment(port, **self._settings)
        inside = ["nsenter", f"--target={self._keeper.pid}", "--mount"]
        if self._users:
            inside += ["--user", "--preserve-credentials"]
        # Entering leads to the root of the file system.
        inside += ["sh", "-c", 'cd "$0" && exec "$@"', str(REPOSITORY)]
        self._log.touch()
        with self._log.open("ab") as log:
            # Ended by its own pid below, in the test's order or at its end.
            self._process = subprocess.Popen(
                [*inside, sys.executable, "-m", "app", "serve"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.client.close()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        until(self._answers, START_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the service; the disk stays as it is."""
        if self._process is None:
            return
        family = family_of(self._process.pid)
        if self._process.poll() is None:
            os.kill(self._process.pid, number)
        self._process.wait(20)
        self._process = None
        until_gone(family)

    def ready(self) -> httpx.Response:
        return self.client.get("/readyz")

    def is_ready(self) -> bool:
        return self.ready().status_code == 200

    def fill(self, *, leave_bytes: int = 0) -> None:
        """Leave so much free, to the page."""
        with self._ballast.open("ab", buffering=0) as file:
            for block in (BLOCK, BLOCK[:4096]):
                # The service may be quicker with the last pages.
                with suppress(OSError):
                    while self.free_bytes() >= leave_bytes + len(block):
                        file.write(block)

    def free_bytes(self) -> int:
        disk = os.statvfs(self.path)
        return disk.f_bavail * disk.f_frsize

    def clear(self) -> None:
        """Give the space back."""
        self._ballast.unlink()

    def upload(self, job: Job) -> httpx.Response:
        file = ("products.csv", job.content, "text/csv")
        return self.client.post("/upload", files={"file": file})

    def uploaded(self, job: Job) -> str:
        """Upload what has to be accepted; the request's id."""
        answer = self.upload(job)
        assert answer.status_code == 202, answer.text
        request_id: str = answer.json()["request_id"]
        return request_id

    def status(self, request_id: str) -> str:
        status: str = self.client.get(f"/status/{request_id}").json()["status"]
        return status

    def completed(self, request_id: str) -> bool:
        return self.status(request_id) == "completed"

    def log(self) -> str:
        """What the services had to say."""
        return self._log.read_text()

    def close(self) -> None:
        self.stop(signal.SIGKILL)
        self.client.close()
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.stdout.close()
        self._keeper.wait(20)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return self.client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False
