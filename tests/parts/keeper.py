"""Keeps one server and its folder exactly as long as the test session lives.

`python -m tests.parts.keeper FOLDER USER COMMAND...` starts the command (as USER, or as ourselves
when it is empty) and waits for the end of its own standard input. That end comes when the session
closes the pipe and also when the session is killed, so no server outlives its tests.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading

STOP_SECONDS = 5


def main(folder: str, user: str, command: list[str]) -> int:
    """Run the command until standard input ends or the command does; then remove the folder."""
    identity: dict[str, object] = {}
    if user:
        entry = pwd.getpwnam(user)
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    child = subprocess.Popen(  # type: ignore[call-overload]
        command, stdin=subprocess.DEVNULL, cwd=folder, process_group=0, **identity
    )
    threading.Thread(target=_stop_at_end_of_input, args=(child,), daemon=True).start()
    code: int = child.wait()
    # Whatever the server has started itself goes with it.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    return code


def _stop_at_end_of_input(child: "subprocess.Popen[bytes]") -> None:
    sys.stdin.buffer.read()
    # SIGINT is Postgres's "stop now, but properly", and every other part understands it, too.
    child.send_signal(signal.SIGINT)
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
