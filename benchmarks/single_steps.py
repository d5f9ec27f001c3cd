"""Parts of the service run alone, as processes of their own: ingest, and the pipe without a queue.

`python -m benchmarks.single_steps STEP ...` is how the functions below start them.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.bootstrap import build_adapters, build_worker_context
from app.config import load_settings
from app.domain.formats import content_type
from app.domain.options import ProcessingOptions
from app.intake.ingest import ingest
from app.worker.context import WorkerContext
from benchmarks.processes import Meter
from tests.parts.process import REPOSITORY

IN_FLIGHT = 32
WARM_UP = 200


@dataclass(frozen=True)
class StepRun:
    """What a step cost, without the start of its process."""

    wall_seconds: float
    cpu_seconds: float
    peak_pss_bytes: int


def ingest_apart(environment: Mapping[str, str], data_dir: Path, request_id: str) -> StepRun:
    """Write a request's rows into the tables, with nothing else going on."""
    with _step(["ingest", request_id], environment, data_dir) as step, Meter([step.pid]) as meter:
        wall_seconds = step.go()
    return StepRun(wall_seconds, meter.cpu_seconds, meter.peak_pss_bytes)


def pipe_apart(
    environment: Mapping[str, str], data_dir: Path, urls: Sequence[str]
) -> AbstractContextManager["Step"]:
    """Fetch, compress and store with no database, queue or task in sight.

    The process stays as long as the block runs; each `go` takes so many of the URLs.
    """
    listed = data_dir / "pipe-urls.txt"
    listed.write_text("\n".join(urls), encoding="utf-8")
    return _step(["pipe", str(listed)], environment, data_dir)


@contextmanager
def _step(arguments: list[str], environment: Mapping[str, str], data_dir: Path) -> Iterator["Step"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.single_steps", *arguments],
        cwd=REPOSITORY,
        env=os.environ
        | {"FETCH_ALLOW_NETWORKS": "127.0.0.0/8", "DATA_DIR": str(data_dir)}
        | dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Step(process)
    finally:
        # The end of its input is the end of its work.
        process.communicate()


class Step:
    """A part of the service in a process of its own, started and warm; `go` has it work."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.pid = process.pid
        self._process = process
        self._next_seconds()

    def go(self, images: int = 0) -> float:
        """Do the work, of so many images where it is a pipe's; returns the seconds that it took."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{images}\n")
        self._process.stdin.flush()
        return self._next_seconds()

    def _next_seconds(self) -> float:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            # The service's own log may stand between.
            if line.startswith('{"seconds"'):
                return float(json.loads(line)["seconds"])
        raise RuntimeError("a step ended before its time; what it said stands above")


def _signal(seconds: float) -> None:
    print(json.dumps({"seconds": seconds}), flush=True)


def _ingest(request_id: str) -> None:
    adapters = build_adapters(load_settings())
    adapters.store.check()
    _signal(0)
    sys.stdin.readline()
    started = time.perf_counter()
    ingest(adapters, request_id, stopping=lambda: False)
    _signal(time.perf_counter() - started)
    # Until it has been looked at.
    sys.stdin.readline()


async def _pipe(urls: list[str]) -> None:
    context = build_worker_context(build_adapters(load_settings()))
    context.codecs.start()
    try:
        await _through(context, urls[:WARM_UP], "pipe/warm-up")
        _signal(0)
        for turn, images in enumerate(sys.stdin):
            started = time.perf_counter()
            # A folder of its own: to replace files is to delete them.
            await _through(context, urls[: int(images)], f"pipe/{turn}")
            _signal(time.perf_counter() - started)
    finally:
        await context.fetcher.aclose()
        await context.adapters.store.aclose()
        await context.codecs.close()


async def _through(context: WorkerContext, urls: Sequence[str], folder: str) -> None:
    options = ProcessingOptions().pictures
    numbered = iter(enumerate(urls))

    async def line() -> None:
        for number, url in numbered:
            fetched = await context.fetcher.fetch(url)
            done = await context.codecs.compress(fetched.data, options)
            key = f"{folder}/{number}-1-product.{done.format}"
            await context.adapters.store.put(key, done.data, content_type=content_type(done.format))

    await asyncio.gather(*(line() for _ in range(IN_FLIGHT)))


if __name__ == "__main__":
    if sys.argv[1] == "ingest":
        _ingest(sys.argv[2])
    else:
        listed = Path(sys.argv[2]).read_text(encoding="utf-8").split()
        asyncio.run(_pipe(listed))
