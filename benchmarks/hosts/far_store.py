"""A store that is as far away as a cloud's: a host's place must be free before its image is stored.

Near and far store are the same S3 server behind the same front, which keeps each PUT's answer back.
"""

import shutil
import socket
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import print_table, progress, ratios, spread
from benchmarks.goals import Measured
from benchmarks.hosts.stand import Stand, Taken, new_address, urls_of
from tests.parts.host_rules import HostRules
from tests.parts.limited_host import LimitedHost
from tests.parts.process import ServerProcess, free_port, private_folder

NAME = "far-store"
HOST_DELAY_MS, STORE_DELAY_MS = 100, 300
IMAGES, QUICK_IMAGES = 3_000, 600
LIMIT_SECONDS = 600


@dataclass
class Figures:
    """What one number of workers gave, a value for each round."""

    done: list[float] = field(default_factory=list)
    near: list[float] = field(default_factory=list)
    far: list[float] = field(default_factory=list)


class FarStore:
    """The row `far-store`."""

    def __init__(self, *, quick: bool) -> None:
        self._images = QUICK_IMAGES if quick else IMAGES
        self._figures: defaultdict[int, Figures] = defaultdict(Figures)

    def run(self, stand: Stand, workers: int) -> None:
        """Measure with the near store, then with the far one."""
        figures = self._figures[workers]
        near = self._taken(stand, workers, store_delay_ms=0)
        far = self._taken(stand, workers, store_delay_ms=STORE_DELAY_MS)
        figures.near.append(near.images_per_second)
        figures.far.append(far.images_per_second)
        figures.done.append(far.done)

    def print(self) -> None:
        """Print the table."""
        print("### A store that is far away\n")
        print(
            f"{self._images:,} tiny pictures from a host that takes {HOST_DELAY_MS} ms; the far "
            f"store takes {STORE_DELAY_MS} ms.\n"
        )
        print_table(
            ["workers", "done, %", "near store, images/s", "far store, images/s", "far / near"],
            [
                [
                    str(workers),
                    spread([100 * value for value in one.done], 1),
                    spread(one.near, 0),
                    spread(one.far, 0),
                    spread(ratios(one.far, one.near)),
                ]
                for workers, one in self._figures.items()
            ],
        )

    def measured(self) -> list[Measured]:
        """What bears on the goals."""
        found = []
        for workers, one in self._figures.items():
            of = f"store {STORE_DELAY_MS} ms away, workers: {workers}"
            found += [
                Measured("hosts_done", of, one.done),
                Measured("hosts_far_store", of, ratios(one.far, one.near)),
            ]
        return found

    def _taken(self, stand: Stand, workers: int, *, store_delay_ms: float) -> Taken:
        endpoint = stand.parts.environment["S3_ENDPOINT_URL"]
        with (
            _front(endpoint, put_delay_ms=store_delay_ms) as front,
            LimitedHost(HostRules(delay_ms=HOST_DELAY_MS), address=new_address()) as host,
        ):
            taken = stand.take(
                urls_of(host, self._images),
                workers=workers,
                limit_seconds=LIMIT_SECONDS,
                environment={"S3_ENDPOINT_URL": front},
            )
        progress(
            f"{NAME}, workers: {workers}, {store_delay_ms:g} ms: "
            f"{taken.images_per_second:.0f} images/s, errors: {taken.errors or 'none'}"
        )
        return taken


@contextmanager
def _front(endpoint: str, *, put_delay_ms: float) -> Iterator[str]:
    """An address that leads to the store; each answer to a PUT takes so much longer."""
    store, port, folder = urlsplit(endpoint), free_port(), private_folder("store-front")
    # The keeper starts it in a folder of its own, so the module is found by a path.
    script = str(Path(__file__).with_name("store_front.py"))
    arguments = [str(port), str(store.hostname), str(store.port), str(put_delay_ms)]
    server = ServerProcess(
        "the front of the store",
        [sys.executable, script, *arguments],
        folder=folder,
        answers=lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close(),
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
