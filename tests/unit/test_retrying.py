"""Calls that are made again: by a rule, on a loop or on a thread."""

import asyncio
import time
from collections.abc import Callable

import pytest

from app.domain.retry import Retry
from app.retrying import keep_trying, keep_trying_blocking

QUICK = Retry((0.01,))


class Shaky:
    """Fails as often as told, then answers; counts its calls."""

    def __init__(self, failures: int, error: type[Exception] = OSError) -> None:
        self.left = failures
        self.error = error
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.left:
            raise self.error(f"failure {self.calls}")
        return "done"


def on_a_loop(rule: Retry, call: Shaky, failed: Callable[[OSError, int], bool]) -> str:
    async def ask() -> str:
        return call()

    return asyncio.run(keep_trying(rule, ask, on=OSError, failed=failed))


def on_a_thread(rule: Retry, call: Shaky, failed: Callable[[OSError, int], bool]) -> str:
    return keep_trying_blocking(rule, call, on=OSError, failed=failed)


def always(error: OSError, attempt: int) -> bool:
    return True


both = pytest.mark.parametrize("keep", [on_a_loop, on_a_thread])


@both
def test_a_call_is_made_again_until_it_succeeds_and_every_failure_is_told(keep) -> None:  # type: ignore[no-untyped-def]
    call, told = Shaky(3), []

    def failed(error: OSError, attempt: int) -> bool:
        told.append((str(error), attempt))
        return True

    assert keep(QUICK, call, failed) == "done"
    assert told == [("failure 1", 1), ("failure 2", 2), ("failure 3", 3)]


@both
def test_the_last_attempt_s_error_comes_out_unchanged(keep) -> None:  # type: ignore[no-untyped-def]
    call = Shaky(9)
    with pytest.raises(OSError, match="failure 3"):
        keep(Retry((0.0,), attempts=3), call, always)
    assert call.calls == 3


@both
def test_patience_counts_from_the_first_failure(keep) -> None:  # type: ignore[no-untyped-def]
    began = time.monotonic()
    with pytest.raises(OSError, match="failure"):
        keep(Retry((0.02,), patience_seconds=0.2), Shaky(1_000), always)
    assert 0.2 <= time.monotonic() - began < 2


@both
def test_whoever_hears_of_a_failure_may_end_it(keep) -> None:  # type: ignore[no-untyped-def]
    call = Shaky(9)
    with pytest.raises(OSError, match="failure 2"):
        keep(QUICK, call, lambda error, attempt: attempt < 2)
    assert call.calls == 2


@both
def test_other_errors_come_out_at_once(keep) -> None:  # type: ignore[no-untyped-def]
    call = Shaky(9, error=KeyError)
    with pytest.raises(KeyError):
        keep(QUICK, call, always)
    assert call.calls == 1
