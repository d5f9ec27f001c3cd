"""What a worker's requests to one host came to, gathered until the database hears of it."""

import math
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
from app.domain.hosts.delivered import slot
from app.domain.hosts.exchange import Report
from app.worker.hosts.permit import Permit

_NO_ANSWER = (FetchTimeout, ConnectFailed, DnsFailed)
# Known without waiting for the host, or its own answer: no reason to ask more slowly.
_AN_ANSWER = (
    AddressBlocked,
    InvalidUrl,
    NotAnImage,
    ResponseTooLarge,
    TlsFailed,
    TooManyRedirects,
)


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
    """How one request ended, as far as it concerns the host; see `domain.hosts.exchange.Report`."""

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
    """The answers of one host since the last report."""

    __slots__ = ("_good_sent", "_good_sent_at", "_rest", "unavailable_in_a_row", "urgent")

    def __init__(self) -> None:
        # Nearly all answers are good ones: counted by the slot of time their requests were sent in.
        self._good_sent: dict[int, int] = {}
        self._good_sent_at = 0.0
        self._rest = _NOTHING
        self.unavailable_in_a_row = 0
        # The database has to hear of it at once.
        self.urgent = False

    @property
    def any(self) -> bool:
        """True when there is something to report."""
        return bool(self._good_sent) or self._rest != _NOTHING

    def add(self, permit: Permit, answer: Answer) -> None:
        """Take one answer in."""
        kind = answer.kind
        if kind is Kind.GOOD:
            at = slot(permit.sent_at)
            self._good_sent[at] = self._good_sent.get(at, 0) + 1
            self._good_sent_at = max(self._good_sent_at, permit.sent_at)
            self.unavailable_in_a_row = 0
            if not permit.limited:
                return
        self._add_to_rest(permit, answer)

    def _add_to_rest(self, permit: "Permit", answer: Answer) -> None:
        rest, kind = self._rest, answer.kind
        more: dict[str, Any] = {"ended": rest.ended + permit.limited}
        if permit.probe:
            more["probe_ended"] = True
        if kind not in _UNCOUNTED:
            name = kind.name.lower()
            more |= {name: getattr(rest, name) + 1, "error": answer.error}
        if kind is Kind.REFUSED:
            first = min(rest.first_refused_sent_at or math.inf, permit.sent_at)
            more["first_refused_sent_at"] = first
            more["refused_sent_at"] = max(rest.refused_sent_at, permit.sent_at)
            if answer.retry_after is not None:
                more["retry_after"] = max(rest.retry_after or 0.0, answer.retry_after)
        self.unavailable_in_a_row += kind is Kind.UNAVAILABLE
        self.urgent = self.urgent or kind in _URGENT or permit.probe
        self._rest = rest._replace(**more)

    def unused(self, *, probe: bool) -> None:
        """A permit was not used."""
        ended = self._rest.probe_ended or probe
        self._rest = self._rest._replace(ended=self._rest.ended + 1, probe_ended=ended)

    def report(self) -> Report:
        """All since the last report, to be reported now."""
        report = self._rest._replace(
            good=sum(self._good_sent.values()),
            good_sent_at=self._good_sent_at,
            good_sent=tuple(self._good_sent.items()),
        )
        self._good_sent, self._good_sent_at = {}, 0.0
        self._rest, self.urgent = _NOTHING, False
        return report


_NOTHING = Report()
# Good answers are counted on their own, and a neutral one says nothing.
_UNCOUNTED = frozenset({Kind.GOOD, Kind.NEUTRAL})
_URGENT = frozenset({Kind.REFUSED, Kind.IMPATIENT, Kind.FAILED, Kind.UNAVAILABLE})
