"""Start one of our own modules as a child process that inherits no secrets."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.confined.sandbox import close_to_others

ROOT = Path(__file__).resolve().parents[2]
# What a child needs of our environment; keys and passwords stay here.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


def start_child(
    module: str,
    arguments: Sequence[object],
    *,
    descriptors: Sequence[int],
    environment: Mapping[str, str],
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Run `python -P -m MODULE ARGUMENTS...` as a plain subprocess.

    The spawn method of `multiprocessing` would import the parent's main module into every child,
    hand over its whole environment with all keys, keep one more process beside them, and not work
    at all inside of the daemonic workers of task queues (docs/decisions/0006).

    From then on our own process is closed to the child, whatever the child becomes.

    Args:
        descriptors: open files that the child inherits, under the same numbers.
        environment: variables for the child beside those of `PASSED_ON`.
        stdout: `subprocess.PIPE` where the child answers there.
    Raises:
        OSError: the system starts no process.
    """
    close_to_others()
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    python = {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
    }
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        [sys.executable, "-P", "-m", module, *map(str, arguments)],
        env={**passed_on, **environment, **python},
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        # Decoders and parsers print what the file tells them to; that has no place in our log.
        stderr=subprocess.DEVNULL,
    )
