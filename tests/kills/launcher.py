"""Processes of the service, forked by a zygote; this side of its pipe.

A start costs a fork instead of the seconds that `python -m app` takes to import itself.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Self

from tests.parts.pids import PASSED_ON, is_alive, parent_of
from tests.parts.process import REPOSITORY
from tests.parts.waiting import until

START_SECONDS = 60


class Launcher:
    """One zygote, which ends with this process; used as a context, with the block."""

    def __init__(self) -> None:
        # What it imports must find the same environment as in a service that is started by itself.
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.zygote"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # numpy's library would start threads, and only a process with one can be forked safely.
            env=passed_on | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        self._started: list[int] = []
        self._codes: dict[int, int] = {}
        # When processes died of SIGKILL, on the monotonic clock.
        self.kills: list[float] = []
        self._changed = threading.Condition()
        self._orders = itertools.count(1)
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        log: Path,
        errors: Path | None = None,
        stdin: Path | None = None,
        folder: Path = REPOSITORY,
        small: bool = False,
        point: str | None = None,
        marker: Path | None = None,
        signal_number: int = signal.SIGKILL,
        thrice: bool = False,
    ) -> "Process":
        """Run `python -m app ARGUMENTS` in a process of its own.

        Args:
            log: gets standard output, and standard error where `errors` is None.
            stdin: what it reads; None: nothing.
            folder: where it runs.
            small: with batches so small that a few images go through all that many do.
        """
        order = {
            "arguments": arguments,
            "environment": dict(environment),
            "log": str(log),
            "errors": str(errors or log),
            "stdin": str(stdin or os.devnull),
            "folder": str(folder),
            "small": small,
            "point": point,
            "marker": str(marker),
            "signal": signal_number,
            "thrice": thrice,
        }
        assert self._zygote.stdin is not None
        with self._lock, self._changed:
            number = next(self._orders)
            self._zygote.stdin.write(json.dumps(order).encode() + b"\n")
            self._zygote.stdin.flush()
            there = self._changed.wait_for(lambda: len(self._started) >= number, START_SECONDS)
            assert there, "the zygote does not answer"
            return Process(self, self._started[number - 1])

    def code_of(self, pid: int, timeout_seconds: float) -> int | None:
        """The exit code of a process, when it ends within the time."""
        with self._changed:
            self._changed.wait_for(lambda: pid in self._codes, timeout_seconds)
            return self._codes.get(pid)

    def _listen(self) -> None:
        assert self._zygote.stdout is not None
        for line in self._zygote.stdout:
            report = json.loads(line)
            with self._changed:
                if "started" in report:
                    self._started.append(report["started"])
                else:
                    self._codes[report["ended"]] = report["code"]
                    if report["code"] == -signal.SIGKILL:
                        self.kills.append(time.monotonic())
                self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        self._zygote.wait(START_SECONDS)


@cache
def launcher_of_this_process() -> Launcher:
    """The one that all tests of this process share."""
    return Launcher()


class Process:
    """One running command; all that it has started counts as its family."""

    def __init__(self, launcher: Launcher, pid: int) -> None:
        self._launcher = launcher
        self.pid = pid

    @property
    def is_alive(self) -> bool:
        return self.poll() is None

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._launcher.code_of(self.pid, 0)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; a dead one does not mind."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, as the kernel's out-of-memory killer sends it: to this one process."""
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self, timeout_seconds: float = 20) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        code = self._launcher.code_of(self.pid, timeout_seconds)
        assert code is not None, f"process {self.pid} has not ended within {timeout_seconds} s"
        return code

    def family(self) -> list[int]:
        """Its pid and those of its descendants."""
        return family_of(self.pid)

    def codecs(self) -> list[int]:
        """Its codec children."""
        return [pid for pid in self.family() if b"app.codecs.child" in _command_of(pid)]


def family_of(pid: int) -> list[int]:
    """A pid and those of its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parents.setdefault(parent_of(int(entry.name)), []).append(int(entry.name))
    family = [pid]
    for member in family:
        family.extend(parents.get(member, []))
    return family


def is_busy(pid: int) -> bool:
    """True when a process computes at this moment, or would if it had a core."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until_gone(pids: list[int], timeout_seconds: float = 10) -> None:
    """Wait until none of these processes lives."""
    until(lambda: not any(map(is_alive, pids)), timeout_seconds)


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
