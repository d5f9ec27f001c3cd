"""What workers and the database tell each other of an image host; plain values.

All moments are seconds since 1970 by the database's clock.
"""

from enum import StrEnum
from typing import NamedTuple


def shown_host(key: str) -> str:
    """A host as people are shown it: `name:port` without the port of https."""
    return key.removesuffix(":443")


class HostState(StrEnum):
    """What people are shown."""

    OK = "ok"
    SLOWED = "slowed"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"


class Policy(NamedTuple):
    """What the settings and HOSTS_FILE say of a host.

    Args:
        patience_seconds: how long a host that refuses is waited for, from its last good answer.
        max_attempts: tries at a host that does not answer before it is given up.
        timeout_seconds: how long one request may take.
        max_rate: requests a second that the operator allows; None leaves it to the host.
    """

    patience_seconds: float
    max_attempts: int
    timeout_seconds: float
    max_rate: float | None = None


class Report(NamedTuple):
    """What a worker has been answered since its last report.

    Args:
        good: answers of a host that serves: pictures, and also a 404.
        good_sent_at: when the newest request with a good answer was sent.
        good_sent: how many good answers there were for each slot of time that their requests were
            sent in, as (slot, answers); see `delivered`.
        broken: answers of a server in trouble: it lives, but says nothing of our rate (500, 502).
        unavailable: 503 without `Retry-After`.
        refused: refusals; when the first and the newest of them were sent, and the longest
            `retry_after`.
        impatient: refusals whose `Retry-After` is beyond our patience; they end their images.
        failed: requests that got no answer: time-outs, connections refused or broken.
        error: a sentence about the newest trouble.
        ended: permits that have come to their end, those that were not used among them.
        probe_ended: the one request that tried the host has come to its end, or was not sent.
    """

    good: int = 0
    good_sent_at: float = 0.0
    good_sent: tuple[tuple[int, int], ...] = ()
    broken: int = 0
    unavailable: int = 0
    refused: int = 0
    first_refused_sent_at: float = 0.0
    refused_sent_at: float = 0.0
    retry_after: float | None = None
    impatient: int = 0
    failed: int = 0
    error: str | None = None
    ended: int = 0
    probe_ended: bool = False


class Grant(NamedTuple):
    """What a worker may do now.

    Args:
        free: no limit is known; ask at any rate until a later grant says otherwise.
        permits: requests that may be sent, the first in `delay` seconds and one each `spacing`.
        probe: the permit is for the one request that tries whether the host is well again.
        wait: seconds until it is of use to ask for more permits.
        held: the host is paused or silent, and nobody may ask it for `wait` seconds.
        silent: it answers nobody.
    """

    free: bool = False
    permits: int = 0
    delay: float = 0.0
    spacing: float = 0.0
    probe: bool = False
    wait: float = 0.0
    held: bool = False
    silent: bool = False


class GiveUp(NamedTuple):
    """All images that wait for the host fail with this code and message."""

    code: str
    message: str
