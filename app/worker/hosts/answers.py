"""What a worker's requests to one host came to, gathered until the database hears of it."""

import time
from collections import deque
from enum import Enum, auto
from typing import Any, NamedTuple

from app.domain import retry
from app.domain.errors import (
    AddressBlocked,
    ConnectFailed,
    DnsFailed,
    FetchTimeout,
    ImageError,
    InvalidUrl,
    NotAnImage,
    ResponseTooLarge,
    TlsFailed,
    TooManyRedirects,
)
from app.domain.hosts import Report
from app.worker.hosts.permit import Permit

_NO_ANSWER = (FetchTimeout, ConnectFailed, DnsFailed)
# Known without waiting for the host, or told by it: no reason to ask more slowly.
_AN_ANSWER = (
    AddressBlocked,
    InvalidUrl,
    NotAnImage,
    ResponseTooLarge,
    TlsFailed,
    TooManyRedirects,
)
# Over how long a worker's own rates are measured, in seconds, and how many requests at most.
MEASURED_SECONDS = 1.0
MEASURED_MAX = 1_000


class Kind(Enum):
    """What an answer says of the host."""

    GOOD = auto()
    BROKEN = auto()
    UNAVAILABLE = auto()
    REFUSED = auto()
    IMPATIENT = auto()
    FAILED = auto()
    # Nothing: the worker let go of the image, or failed itself.
    NEUTRAL = auto()


class Answer(NamedTuple):
    """How one request ended, as far as it concerns the host; see `domain.hosts.Report`."""

    kind: Kind
    retry_after: float | None = None
    error: str | None = None

    @property
    def refused(self) -> bool:
        """The host is held for it, and not the image."""
        return self.kind is Kind.REFUSED


def judge(error: ImageError, *, patience_seconds: float, unavailable_in_a_row: int) -> Answer:
    """What a failed fetch says of its host.

    Args:
        patience_seconds: how long a host that refuses is waited for.
        unavailable_in_a_row: how often the host answered 503 before this.
    Source: RFC 6585 4 (429), RFC 9110 15.6.4 (503) and 10.2.3 (Retry-After).
    """
    status, wait = error.http_status, error.retry_after_seconds
    unavailable = status == 503 and wait is None
    in_a_row = unavailable and unavailable_in_a_row + 1 >= retry.HOST_UNAVAILABLE_AFTER
    if status == 429 or (status == 503 and not unavailable) or in_a_row:
        kind = Kind.IMPATIENT if wait is not None and wait > patience_seconds else Kind.REFUSED
        return Answer(kind, wait, error.message)
    if unavailable:
        return Answer(Kind.UNAVAILABLE, error=error.message)
    if status is not None:
        broken = status >= 500 or status == 408
        return Answer(Kind.BROKEN, error=error.message) if broken else Answer(Kind.GOOD)
    if isinstance(error, _NO_ANSWER):
        return Answer(Kind.FAILED, error=error.message)
    return Answer(Kind.GOOD if isinstance(error, _AN_ANSWER) else Kind.NEUTRAL)


class Answers:
    """The answers of one host since the last report, and this worker's own rates."""

    __slots__ = ("_report", "_sent", "_served", "unavailable_in_a_row", "urgent")

    def __init__(self) -> None:
        self._report = Report()
        # When the newest requests were sent, and when good answers came; enough for a second.
        self._sent: deque[float] = deque(maxlen=MEASURED_MAX)
        self._served: deque[float] = deque(maxlen=MEASURED_MAX)
        self.unavailable_in_a_row = 0
        # The database has to hear of it at once.
        self.urgent = False

    @property
    def any(self) -> bool:
        """True when there is something to report."""
        return self._report != _NOTHING

    def sent(self) -> None:
        """A request goes out now."""
        self._sent.append(time.monotonic())

    def add(self, permit: Permit, answer: Answer) -> None:
        """Take one answer in."""
        report, kind = self._report, answer.kind
        more: dict[str, Any] = {"ended": report.ended + permit.limited}
        if permit.probe:
            more["probe_ended"] = True
        if kind is Kind.GOOD:
            self._served.append(time.monotonic())
            self.unavailable_in_a_row = 0
            more |= {
                "good": report.good + 1,
                "good_sent_at": max(report.good_sent_at, permit.sent_at),
            }
        elif kind is not Kind.NEUTRAL:
            name = kind.name.lower()
            more |= {name: getattr(report, name) + 1, "error": answer.error}
        if kind is Kind.REFUSED:
            more["refused_sent_at"] = max(report.refused_sent_at, permit.sent_at)
            if answer.retry_after is not None:
                more["retry_after"] = max(report.retry_after or 0.0, answer.retry_after)
        self.unavailable_in_a_row += kind is Kind.UNAVAILABLE
        self.urgent = self.urgent or kind in _URGENT or permit.probe
        self._report = report._replace(**more)

    def unused(self, *, probe: bool) -> None:
        """A permit was not used."""
        ended = self._report.probe_ended or probe
        self._report = self._report._replace(ended=self._report.ended + 1, probe_ended=ended)

    def report(self) -> Report:
        """All since the last report, to be told now."""
        report, self._report, self.urgent = self._report, Report(), False
        if not report.refused:
            return report
        since = time.monotonic() - MEASURED_SECONDS
        return report._replace(
            sent_per_second=_behind(self._sent, since),
            served_per_second=_behind(self._served, since),
        )


_NOTHING = Report()
_URGENT = frozenset({Kind.REFUSED, Kind.IMPATIENT, Kind.FAILED, Kind.UNAVAILABLE})


def _behind(moments: deque[float], since: float) -> float:
    return float(sum(1 for moment in moments if moment > since))
