"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable

LOOK_SECONDS, LOOK_SECONDS_MOST = 0.02, 0.1
# Looks cost the service that is looked at: the longer it takes, the rarer they are.
SHARE_OF_THE_WAIT = 0.1


def until(true: Callable[[], bool], timeout_seconds: float = 20) -> None:
    """Look again and again until it is true."""
    started = time.monotonic()
    while not true():
        waited = time.monotonic() - started
        assert waited < timeout_seconds, f"not within {timeout_seconds} s"
        time.sleep(min(max(LOOK_SECONDS, SHARE_OF_THE_WAIT * waited), LOOK_SECONDS_MOST))
