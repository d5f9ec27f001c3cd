"""A Postgres server of our own, with a fresh database for whoever asks."""

import getpass
import itertools
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.parts.process import (
    PartMissing,
    ServerProcess,
    find_program,
    free_port,
    private_folder,
)

INSTALL = "apt-get install postgresql"

# The data is thrown away, so nothing has to reach the disk.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "timezone": "UTC",
}


class PostgresServer:
    """One running server; `new_database` gives URLs of empty or prepared databases.

    Args:
        settings: of Postgres, instead of those in `SETTINGS` or beside them.
    """

    def __init__(self, **settings: str) -> None:
        folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
        postgres = find_program("postgres", folders=folders, install=INSTALL)
        initdb = find_program("initdb", folders=folders, install=INSTALL)
        user = _server_user()
        folder = private_folder("postgres")
        if user:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        self._port = free_port()
        self._numbers = itertools.count(1)
        self._templates: set[str] = set()
        try:
            _make_cluster(initdb, folder, user)
        except BaseException:
            shutil.rmtree(folder)
            raise
        chosen = SETTINGS | settings
        options = [f"-c{name}={value}" for name, value in chosen.items()]
        self._process = ServerProcess(
            "Postgres",
            [postgres, "-D", str(folder / "data"), "-p", str(self._port), *options],
            folder=folder,
            answers=lambda: self._execute("SELECT 1"),
            user=user,
        )

    def new_database(self, *, template: str = "template1") -> str:
        """Make a database and return its URL."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def new_database_like(self, name: str, prepare: Callable[[str], None]) -> str:
        """A copy of the database `name`, which `prepare(url)` fills on first use.

        `prepare` has to close its connections: a database in use cannot be copied. A copy takes a
        few dozen milliseconds, migrations take far longer.
        """
        if name not in self._templates:
            self._execute(f"CREATE DATABASE {name}")
            prepare(self.url(name))
            self._templates.add(name)
        return self.new_database(template=name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self._execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def url(self, database: str) -> str:
        """The address of one database of this server."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def stop(self) -> None:
        """End the server and remove its data."""
        self._process.stop()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as session:
            session.execute(statement)  # type: ignore[call-overload]


def _server_user() -> str:
    """Postgres refuses to run as root; then it runs as the user whom its package made."""
    if os.geteuid() != 0:
        return ""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise PartMissing(f"{getpass.getuser()} cannot run Postgres, and there is no other user.")


def _make_cluster(initdb: str, folder: Path, user: str) -> None:
    command = [initdb, "-D", str(folder / "data"), "-U", "postgres", "-A", "trust"]
    made = subprocess.run(
        [*command, "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"],
        user=user or None,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr}")
