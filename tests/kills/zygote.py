"""Starts the service quickly, again and again: imported once, then forked for every start.

`python -m tests.kills.zygote` reads orders (JSON lines) on standard input and reports pids and exit
codes on standard output. Each fork runs the real command line. When the zygote's input ends, so
does all that it has started.
"""

import atexit
import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import app.ending.deliver
import app.intake.ingest
import app.results.outputs
import app.worker.turn
from app.cli.app import main as command_line
from tests.kills.hints import thrice
from tests.kills.points import arm

# What a start would import by and by.
PRELOADED = (
    "alembic.command",
    "app.cli.service.serve",
    "app.cli.service.worker",
    "app.main",
    "app.tasks.embedded",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.worker.consumer",
    "kombu.transport.memory",
    "kombu.transport.redis",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)
LOOK_SECONDS = 0.02


def shrink() -> None:
    """Make small files go through all that large ones do: many batches, many queries."""
    app.intake.ingest.FIRST_BATCH_PLACES = 4
    app.intake.ingest.BATCH_PLACES = 6
    app.results.outputs.ROWS_PER_QUERY = 3
    app.worker.turn.RECORD_AFTER_SECONDS = 0.05
    # The lease of a delivery is 20 s at least, for receivers that take 15 s; ours answer at once.
    app.ending.deliver.LEASE_SECONDS_MIN = 4.0


def become(order: dict[str, Any]) -> None:
    """Be `python -m app ARGUMENTS` from here on; never returns."""
    try:
        _run(order)
        code = 0
    except SystemExit as exit_asked:
        code = exit_asked.code if isinstance(exit_asked.code, int) else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    # What Python does at its end, but for taking apart module after module.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.chdir(order["folder"])
    for number, path in enumerate((order["stdin"], order["log"], order["errors"])):
        way = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        opened = os.open(path, way, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    if order["small"]:
        shrink()
    if order["point"]:
        arm(order["point"], Path(order["marker"]), order["signal"])
    if order["thrice"]:
        thrice()
    sys.argv = ["app", *order["arguments"]]
    command_line()


def main() -> None:
    """Take orders until there are no more."""
    for module in PRELOADED:
        importlib.import_module(module)
    # The collector would touch, and so copy, all that the forks share.
    gc.freeze()
    children: set[int] = set()
    waiting = b""
    while True:
        readable, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if readable:
            read = os.read(0, 65_536)
            if not read:
                break
            *orders, waiting = (waiting + read).split(b"\n")
            for order in orders:
                pid = os.fork()
                if pid == 0:
                    become(json.loads(order))
                children.add(pid)
                _report({"started": pid})
        while children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            children.discard(pid)
            _report({"ended": pid, "code": os.waitstatus_to_exitcode(status)})
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _report(line: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
