"""Call something again for as long as a rule of `domain/retry.py` allows; imports only the domain.

Nearly all calls succeed at once, so the first attempt has to cost nothing: stamina takes 51
microseconds for a call that never fails, and each image passes here several times.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from app.domain.retry import Retry

Result = TypeVar("Result")
Failure = TypeVar("Failure", bound=Exception)


async def keep_trying(
    rule: Retry,
    call: Callable[[], Awaitable[Result]],
    *,
    on: type[Failure],
    failed: Callable[[Failure, int], bool],
) -> Result:
    """What `call` returns, called again after each `on` while the rule and `failed` allow it.

    Args:
        failed: called with every failure and the number of its attempt, from 1; False: try no more.
    Raises:
        Failure: the last one, unchanged.
    """
    attempts = _Attempts(rule, failed)
    while True:
        try:
            return await call()
        except on as error:
            pause = attempts.pause_after(error)
            if pause is None:
                raise
        await asyncio.sleep(pause)


def keep_trying_blocking(
    rule: Retry,
    call: Callable[[], Result],
    *,
    on: type[Failure],
    failed: Callable[[Failure, int], bool],
) -> Result:
    """The same on a thread that may sleep."""
    attempts = _Attempts(rule, failed)
    while True:
        try:
            return call()
        except on as error:
            pause = attempts.pause_after(error)
            if pause is None:
                raise
        time.sleep(pause)


class _Attempts(Generic[Failure]):
    def __init__(self, rule: Retry, failed: Callable[[Failure, int], bool]) -> None:
        self._rule = rule
        self._failed = failed
        self._number = 0
        self._first_failed_at = 0.0

    def pause_after(self, error: Failure) -> float | None:
        """Seconds to wait after this failure, or None to let it out."""
        moment = time.monotonic()
        self._number += 1
        if self._number == 1:
            self._first_failed_at = moment
        if not self._failed(error, self._number):
            return None
        return self._rule.pause(self._number, waited_seconds=moment - self._first_failed_at)
