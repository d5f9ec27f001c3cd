"""Each layer holds by itself: where a kernel lacks one, the others still do what they say."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.confined import kernel

ROOT = Path(__file__).resolve().parents[3]
SECRET = ctypes.create_string_buffer(b"secret", 6)
TRIED = {
    "open": "read a file of the system",
    "database": "read the database",
    "create": "create a file",
    "environment": "read the environment of the parent",
    "memory": "read the memory of the parent",
    "trace": "trace the parent",
    "signal": "signal the parent",
    "fork": "fork",
    "connect": "connect to a server",
}
SCRIPT = """
import json, os, sys
from app.confined import kernel, landlock, sandbox, seccomp
from tests.unit.confined.actions import ACTIONS, Around
layer, around, names = json.loads(sys.argv[1])
try:
    if layer == "seccomp":
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        seccomp.install([*sandbox.FILES.values()], [])
    elif layer == "landlock":
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        landlock.forbid_paths()
    elif layer == "no_capabilities":
        kernel.drop_capabilities()
except OSError as error:
    sys.exit(f"lacking: {error}")
ends = {}
for name in names:
    try:
        ACTIONS[name].attempt(Around(*around, answers=-1, tickets=-1))
        ends[name] = True
    except OSError as error:
        ends[name] = False
sys.stdout.write(json.dumps(ends))
"""


def reached(layer: str, names: list[str], tmp_path: Path) -> set[str]:
    """What a child with this layer alone still gets."""
    database = tmp_path / "images.db"
    database.touch()
    around = (os.getpid(), ctypes.addressof(SECRET), 9, str(database), str(tmp_path))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            SCRIPT,
            json.dumps([layer, around, [TRIED[each] for each in names]]),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.stderr.startswith("lacking"):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout)
    return {each for each in names if ends[TRIED[each]]}


pytestmark = pytest.mark.skipif(kernel.machine() is None, reason="a sandbox needs Linux")


def test_landlock_alone_shuts_all_files_and_the_parent(tmp_path: Path) -> None:
    names = ["open", "database", "create", "environment", "memory", "trace", "fork"]
    assert reached("landlock", names, tmp_path) == {"fork"}


def test_seccomp_alone_shuts_all_files_and_processes(tmp_path: Path) -> None:
    assert (
        reached("seccomp", ["open", "database", "create", "environment", "fork"], tmp_path) == set()
    )


def test_a_parent_that_is_not_dumpable_is_shut_to_children_without_capabilities(
    tmp_path: Path,
) -> None:
    kernel.forbid_dumps()
    names = ["open", "environment", "memory", "trace", "signal"]
    assert reached("no_capabilities", names, tmp_path) == {"open", "signal"}
