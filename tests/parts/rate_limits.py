"""How a host limits its callers: by a window, by a bucket, and by a ban of who asks on and on.

Each takes the time as an argument, in seconds of a clock that never goes back.
"""

import math
from collections import deque
from typing import Protocol


class Limiter(Protocol):
    """Says of each request whether it is within the limit, and counts it if it is."""

    def allows(self, now: float) -> bool: ...


class FixedWindow:
    """`rate` requests in each whole second of the clock; up to twice as many around its turn."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._second = -1
        self._taken = 0

    def allows(self, now: float) -> bool:
        """Whether this second has room."""
        second = math.floor(now)
        if second != self._second:
            self._second, self._taken = second, 0
        if self._taken >= self._rate:
            return False
        self._taken += 1
        return True


class SlidingWindow:
    """`rate` requests in any second, wherever it begins."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._taken: deque[float] = deque()

    def allows(self, now: float) -> bool:
        """Whether the second that ends now has room."""
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if len(self._taken) >= self._rate:
            return False
        self._taken.append(now)
        return True


class TokenBucket:
    """`rate` tokens a second into a bucket that holds as many; each request takes one."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tokens = rate
        self._seen = -math.inf

    def allows(self, now: float) -> bool:
        """Whether a token is left."""
        self._tokens = min(self._rate, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


LIMITERS: dict[str, type[FixedWindow] | type[SlidingWindow] | type[TokenBucket]] = {
    "fixed": FixedWindow,
    "sliding": SlidingWindow,
    "bucket": TokenBucket,
}


class Ban:
    """Refuses everything for `seconds` once `over` requests were refused within a second.

    What is refused during a ban does not lengthen it, nor does it count for the next one.
    """

    def __init__(self, seconds: float, over: int) -> None:
        self._seconds = seconds
        self._over = over
        self._until = -math.inf
        self._refused: deque[float] = deque()
        self.count = 0

    def holds(self, now: float) -> bool:
        """Whether everything is refused now."""
        return now < self._until

    def refused(self, now: float) -> None:
        """Take note of a request beyond the limit, outside of a ban."""
        self._refused.append(now)
        while self._refused[0] <= now - 1:
            self._refused.popleft()
        if len(self._refused) >= self._over:
            self._refused.clear()
            self._until = now + self._seconds
            self.count += 1
