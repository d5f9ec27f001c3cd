"""Is the process in this container alive? For HEALTHCHECK, without curl.

    python -m app.cli.healthcheck            the API answers /healthz
    python -m app.cli.healthcheck --worker   the worker's event loop turns

Ends with 0 or 1. It reads HOST and PORT from the environment and imports the standard library only:
it runs every few seconds beside the work, and `app.config` alone would cost ten times as much.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 8.0
EVERY_ADDRESS = {"", "0.0.0.0", "::"}  # noqa: S104 - it is compared, not listened on


def healthcheck(*, worker: bool = False) -> int:
    """Check the worker, or else the API, and say what is wrong; returns the exit code."""
    fault = _worker_fault() if worker else _api_fault()
    if fault is not None:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _worker_fault() -> str | None:
    from app.worker.process.heartbeat import worker_is_alive

    return None if worker_is_alive() else "no worker's event loop has turned lately"


def _api_fault() -> str | None:
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT") or 8000)
    connection = HTTPConnection(
        "127.0.0.1" if host in EVERY_ADDRESS else host, port, timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"the API on port {port} does not answer: {error!r}"
    finally:
        connection.close()
    return None if status == 200 else f"the API answers /healthz with {status}"


if __name__ == "__main__":
    sys.exit(healthcheck(worker="--worker" in sys.argv[1:]))
