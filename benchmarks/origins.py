"""The servers that pictures are fetched from: nginx, or a small one that can wait."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.photos import tiny_photo
from tests.parts.process import (
    ServerProcess,
    find_program,
    free_port,
    own_children,
    private_folder,
)

NGINX = """\
daemon off; worker_processes 1; pid nginx.pid; error_log stderr error; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  types {{ image/jpeg jpg jpeg; }}
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; }}
}}
"""


@dataclass(frozen=True)
class Origin:
    """Running picture hosts: their base URLs, and the processes behind them."""

    urls: list[str]
    roots: list[int]


@contextmanager
def nginx(folder: Path) -> Iterator[Origin]:
    """nginx over the folder."""
    program = find_program("nginx", folders=[Path("/usr/sbin")], install="apt install nginx-light")
    port = free_port()
    home = private_folder("nginx")
    # Its workers would else be another user, who may not read this one's folders.
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(NGINX.format(port=port, root=folder, user=user))
    with _running("nginx", [program, "-p", str(home), "-c", "nginx.conf"], home, port) as roots:
        yield Origin([f"http://127.0.0.1:{port}"], roots)


@contextmanager
def delayed(folder: Path, *, delay_ms: float, hosts: int) -> Iterator[Origin]:
    """Photos of the folder after a delay, from so many hosts (addresses of loopback)."""
    home, port = private_folder("delayed"), free_port()
    command = _quick_host(port, folder, delay_ms)
    with _running("the delaying host", command, home, port) as roots:
        yield Origin([f"http://127.0.0.{number}:{port}" for number in range(1, hosts + 1)], roots)


@contextmanager
def tiny(*, delay_ms: float = 0, hosts: int = 1) -> Iterator[Origin]:
    """One tiny picture for every path, from memory, at once or after a delay."""
    folder = private_folder("tiny")
    (folder / "tiny.jpg").write_bytes(tiny_photo())
    try:
        with delayed(folder, delay_ms=delay_ms, hosts=hosts) as origin:
            yield origin
    finally:
        shutil.rmtree(folder)


def _quick_host(port: int, folder: Path, delay_ms: float) -> list[str]:
    # The keeper starts it in a folder of its own, so the module is found by a path.
    script = Path(__file__).with_name("quick_host.py")
    return [sys.executable, str(script), str(port), str(folder), str(delay_ms)]


@contextmanager
def _running(name: str, command: Sequence[str], home: Path, port: int) -> Iterator[list[int]]:
    before = own_children()
    server = ServerProcess(name, command, folder=home, answers=lambda: _connects(port))
    try:
        yield sorted(own_children() - before)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _connects(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()
