"""An image host that limits its callers, fails or falls silent: a real server, its own process.

It takes little CPU time, so that it can stand beside a service under load. What it does is told by
`HostRules`; what it saw is in `HostCounts`, which come from a second port and so do not count
themselves.

Paths decide two things on their own: below `/odd/` nothing is good (`/odd/hang...` never answers,
the others answer 500), and a path that begins with `/large/` is a picture of about 200 KB and not
one of a few hundred bytes.
"""

import json
import socket
import sys
from dataclasses import asdict
from functools import cache
from typing import Any, Self

from tests.factories import make_jpeg
from tests.parts.host_rules import HostCounts, HostRules
from tests.parts.process import REPOSITORY, ServerProcess, free_port, private_folder

CONTROL_TIMEOUT_SECONDS = 10


class LimitedHost:
    """Use as a context: such a host on a loopback address.

    Args:
        rules: what it begins with.
        address: one of 127.0.0.0/8, so that several hosts can be told apart by their address, too.
    """

    def __init__(self, rules: HostRules | None = None, *, address: str = "127.0.0.1") -> None:
        self.port = free_port()
        self.base_url = f"http://{address}:{self.port}"
        self._control_port = free_port()
        folder = private_folder("limited-host")
        for name, data in _pictures().items():
            (folder / name).write_bytes(data)
        # The keeper starts it in that folder; the variable leads it to its own module.
        command = ["env", f"PYTHONPATH={REPOSITORY}", sys.executable, "-m"]
        command += ["tests.parts.limited_host_process", address, str(self.port)]
        command += [str(self._control_port), json.dumps(asdict(rules or HostRules()))]
        self._process = ServerProcess(
            "the limited host", command, folder=folder, answers=lambda: self._ask({})
        )

    def url(self, path: str) -> str:
        """The full address of a path."""
        return f"{self.base_url}/{path.lstrip('/')}"

    def counts(self) -> HostCounts:
        """What it saw until now."""
        counted = self._ask({})
        counted["timeline"] = [(requests, refused) for requests, refused in counted["timeline"]]
        return HostCounts(**counted)

    def become(self, rules: HostRules) -> None:
        """Follow other rules from now on; the counts go on, a ban or a used second is forgotten."""
        self._ask({"rules": asdict(rules)})

    def stop(self) -> None:
        """End the process."""
        self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        address = ("127.0.0.1", self._control_port)
        with socket.create_connection(address, timeout=CONTROL_TIMEOUT_SECONDS) as control:
            control.sendall(json.dumps(question).encode() + b"\n")
            with control.makefile("rb") as answer:
                told: dict[str, Any] = json.loads(answer.read())
        return told


@cache
def _pictures() -> dict[str, bytes]:
    return {"small.jpg": make_jpeg(16, 16), "large.jpg": make_jpeg(840, 640)}
