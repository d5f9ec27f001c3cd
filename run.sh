#!/usr/bin/env bash
# Set up on first use, then run the service or one of its commands:
#
#   ./run.sh                       the whole service on http://127.0.0.1:8000
#   ./run.sh demo                  one round with made-up pictures
#   ./run.sh process FILE.csv      one CSV without a server
#   ./run.sh --help                all commands
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
"$root/setup.sh"

# The caller's folder stays the current one, so that FILE.csv means what the caller means. Python
# must then find our code by its path, and not whatever is called `app` in that folder.
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
export PYTHONSAFEPATH=1
# glibc reads it at the start of a process only. Its default of eight arenas a core keeps freed
# pixels of many threads in many places.
export MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
# obstore's puts: one thread of its runtime has room for more of them than a worker's loop can start.
export TOKIO_WORKER_THREADS=${TOKIO_WORKER_THREADS:-1}

(($#)) || set -- serve
# exec: signals reach the service itself, and its exit code is ours.
exec "$root/.venv/bin/python" -m app "$@"
