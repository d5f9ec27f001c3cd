#!/usr/bin/env bash
# Set up and run every check: style, types, layers, then all tests against real parts.
#
#   ./test.sh                      everything
#   ./test.sh tests/unit -k csv    only pytest, with these arguments
#   ./test.sh compose              the compose stack, really built and run; needs a Docker engine
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
"$root/setup.sh" --dev
cd -- "$root"
bin=$root/.venv/bin
status=0

check() {
    printf '== %s\n' "$*"
    "$bin/$1" "${@:2}" && return
    status=1
    printf 'test.sh: %s failed\n' "$*" >&2
}

if [[ ${1-} == compose ]]; then
    # One stack, one test after the other; a build and several starts need more than a test's time.
    exec "$bin/python" -m pytest -o timeout=1200 --durations=0 tests/compose/smoke.py "${@:2}"
fi

if (($# == 0)); then
    check ruff check .
    check ruff format --check .
    check mypy
    check lint-imports
    check hadolint Dockerfile
fi

# After a failed check the tests run all the same: one run tells everything, the exit code says
# that not all is well, and the last line is always pytest's own.
# Four at a time keep two cores busy, because most tests wait: for servers, leases and limits. Each of
# them gets tests that are neighbours, which share the service and the browser of their file.
"$bin/python" -m pytest -n 4 --dist worksteal "$@" || status=$?
exit "$status"
