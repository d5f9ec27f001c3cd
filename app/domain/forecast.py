"""How fast a request goes and how long it will take: estimates from its counters and its hosts."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

# Without an image for so long, the average of better days is no answer any more.
STANDS_STILL_AFTER = timedelta(seconds=60)


class HoldsUp(Protocol):
    """A host that is not `ok`, for which images of the request wait."""

    @property
    def state(self) -> str:
        """`slowed`, `paused` or `unreachable`."""

    @property
    def pending(self) -> int:
        """The request's images that wait for it."""

    @property
    def requests_per_second(self) -> float | None:
        """What it may be asked; None: no limit in sight."""

    @property
    def retry_at(self) -> datetime | None:
        """When a paused host is asked next."""


class Forecast(NamedTuple):
    """What is expected of a request; None where nothing can be said, as after its end."""

    images_per_second: float | None = None
    eta_seconds: int | None = None


def forecast(
    pending: int,
    *,
    average: float | None,
    average_at: datetime | None,
    hosts: Sequence[HoldsUp],
    now: datetime,
) -> Forecast:
    """Estimate speed and time left of a request at work.

    Args:
        pending: images that have not ended.
        average: images a second, and when that was measured last.
        hosts: those that hold it up.
    """
    speed = _speed(average, average_at, now)
    return Forecast(speed, _eta_seconds(pending, speed, hosts, now))


def _speed(average: float | None, average_at: datetime | None, now: datetime) -> float | None:
    if average is None or average_at is None:
        return None
    return 0.0 if now - average_at > STANDS_STILL_AFTER else round(average, 3)


def _eta_seconds(
    pending: int, speed: float | None, hosts: Sequence[HoldsUp], now: datetime
) -> int | None:
    """As long as all images take at this speed, but at least as long as the slowest host needs."""
    seconds, elsewhere = 0.0, pending
    for host in hosts:
        rate = host.requests_per_second or speed
        if host.state == "unreachable" or not rate:
            return None
        wait = 0.0
        if host.state == "paused" and host.retry_at is not None:
            wait = max((host.retry_at - now).total_seconds(), 0.0)
        seconds = max(seconds, wait + host.pending / rate)
        elsewhere -= host.pending
    if speed:
        seconds = max(seconds, pending / speed)
    elif elsewhere > 0:
        return None
    return math.ceil(seconds)
