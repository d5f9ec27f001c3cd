"""Finding, starting and stopping the servers that are programs of their own."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 30
# Below those that Linux and macOS give to connections, and without one that browsers refuse.
PORTS = range(11_000, 32_000)


class PartMissing(Exception):
    """A program that the tests need is not there; the message says what to install."""


def find_program(name: str, *, folders: Sequence[Path] = (), install: str) -> str:
    """The path of a program from the PATH or one of the folders, the later folder first.

    Raises:
        PartMissing: it is nowhere. The tests then fail: a skip would look like a pass.
    """
    for folder in sorted(folders, reverse=True):
        if found := shutil.which(name, path=str(folder)):
            return found
    if found := shutil.which(name):
        return found
    raise PartMissing(f"The tests need the program {name}. Install it: {install}")


def free_port() -> int:
    """A loopback port that nobody listens on at this moment.

    The system gives none of `PORTS` to a connection that asks for any port, so that it is still
    free a moment later, when a server begins to listen on it.
    """
    chance = random.SystemRandom()
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port := chance.choice(PORTS)))
            return port


def own_children() -> set[int]:
    """The processes that this one has started itself and that are alive."""
    found: set[int] = set()
    for thread in Path(f"/proc/{os.getpid()}/task").iterdir():
        # A thread may end while they are looked at.
        with suppress(FileNotFoundError, ProcessLookupError):
            found.update(map(int, (thread / "children").read_text(encoding="ascii").split()))
    return found


def private_folder(name: str) -> Path:
    """A new folder outside pytest's own, which other users (Postgres's) could not enter."""
    return Path(tempfile.mkdtemp(prefix=f"ips-test-{name}-"))


class ServerProcess:
    """One server under a keeper.

    Args:
        name: for messages.
        command: program and arguments.
        folder: its working folder, removed at the end.
        answers: raises, or returns False, while the server is not ready.
        user: whom to run it as; empty for ourselves.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        answers: Callable[[], object],
        user: str = "",
    ) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.parts.keeper", str(folder), user, *command],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            # Ctrl-C in the terminal ends pytest; pytest's end ends the keeper.
            start_new_session=True,
        )
        try:
            self._wait_until(name, answers)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and wait until it and its folder are gone."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(START_SECONDS)
        self._log.close()

    def _wait_until(self, name: str, answers: Callable[[], object]) -> None:
        deadline = time.monotonic() + START_SECONDS
        last_error: Exception | None = None
        while time.monotonic() < deadline:
            if self._keeper.poll() is not None:
                break
            try:
                if answers() is not False:
                    return
            except Exception as error:
                last_error = error
            time.sleep(0.05)
        self._log.seek(0)
        said = self._log.read().decode(errors="replace")[-2000:]
        raise RuntimeError(f"{name} did not start: {last_error}\n{said}")
