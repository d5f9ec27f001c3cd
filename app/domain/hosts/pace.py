"""How fast a host is asked: slow start, the limit that was found, and the way back to it.

AIMD with what TCP and BBR add to it: the rate doubles until the host refuses, what it delivered in
the second before is the estimate of its limit, and after the pause come half of that, a quick climb
to just below it, and a long hold there before asking for more. No I/O and no clock of its own.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from app.domain import retry
from app.domain.hosts.delivered import Delivered
from app.domain.hosts.exchange import Policy, Report


@dataclass(slots=True)
class HostPace:
    """The rate of one host and how it was found; see the module.

    Args:
        rate: requests a second of all workers together; None: no limit in sight.
        ceiling: answers a second that the host gave when it refused; None: it never did.
        delivered: good answers by when their requests were sent.
        refused_at: when the first refused request of the burst behind this pause was sent; 0
            where there is no such pause.
        rate_before, ceiling_before: what was thought of the host when that burst came.
        slowed_at: when the host refused last, be it that burst or a probe behind it.
        hold_seconds: how long the rate stays below the ceiling before it goes beyond.
        climbed_at: when the rate was last looked at.
        step_at, step_good: slow start: when the rate last doubled, and good answers since.
        served: slow start: good answers so far.
        outstanding: slow start: permits that have not come to their end, the newest of them
            granted at `granted_at`.
    """

    rate: float | None = retry.HOST_START_RATE
    ceiling: float | None = None
    delivered: Delivered = field(default_factory=Delivered)
    refused_at: float = 0.0
    rate_before: float | None = None
    ceiling_before: float | None = None
    slowed_at: float = 0.0
    hold_seconds: float = retry.HOST_HOLD_SECONDS
    climbed_at: float = 0.0
    step_at: float = 0.0
    step_good: int = 0
    served: int = 0
    outstanding: int = 0
    granted_at: float = 0.0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "HostPace":
        """The pace as `to_json` gave it; what another version kept besides is left out."""
        fields = {name: each for name, each in value.items() if name in cls.__dataclass_fields__}
        fields["delivered"] = Delivered.from_json(fields.get("delivered", []))
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """The pace as a row keeps it."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return fields | {"delivered": self.delivered.to_json()}

    def move_moments(self, back: float) -> None:
        """The clock was set back by this many seconds."""
        # Slots from before cannot be distinguished from those of the new time.
        self.delivered = Delivered()
        for name in ("refused_at", "slowed_at", "climbed_at", "step_at", "granted_at"):
            setattr(self, name, max(getattr(self, name) - back, 0.0))

    # --- what was answered -----------------------------------------------------------------------

    def note(self, report: Report) -> None:
        """Take in good answers and permits that have come to their end."""
        self.outstanding = max(self.outstanding - report.ended, 0)
        needed_from = self.refused_at - 1.0 if self.refused_at else None
        self.delivered.add(report.good_sent, needed_from=needed_from)
        self.step_good += report.good
        self.served += report.good

    def refuse(self, sent_at: float) -> None:
        """The host refuses: slow down.

        Args:
            sent_at: when the first request that it refused was sent.
        """
        self.refused_at = sent_at
        self.rate_before, self.ceiling_before = self.rate, self.ceiling
        self.estimate()

    def refused_earlier(self, sent_at: float) -> None:
        """A request of the same burst was refused that had been sent at this moment."""
        if self.refused_at:
            self.refused_at = min(self.refused_at, sent_at)
            self.estimate()

    def estimate(self) -> None:
        """Take what the host delivered in the second before it refused for its limit; half of it.

        Done again during the pause, whenever somebody tells of more answers from that second.
        """
        if not self.refused_at:
            # A pause for another reason: the host was given up.
            return
        before, ceiling = self.rate_before, self.ceiling_before
        delivered = float(self.delivered.between(self.refused_at - 1.0, self.refused_at))
        if ceiling is None and delivered < 1:
            # It refuses from the start: that says nothing of its limit.
            asked = before if before is not None else math.inf
            self.rate = max(min(asked, retry.HOST_CAREFUL_RATE) / 2, 1.0)
            return
        if before is not None and ceiling is not None and before <= ceiling:
            # Too much again, although below what was taken for the limit. Without much demand it
            # has delivered little, which is no reason to fall further than by half.
            delivered = min(delivered, retry.HOST_TOO_MUCH_AGAIN * before)
            delivered = max(delivered, before / 2)
        self.ceiling = max(delivered, retry.HOST_MIN_RATE)
        asked = before if before is not None else self.ceiling
        self.rate = max(min(asked, self.ceiling) / 2, retry.HOST_MIN_RATE)

    def serve_again(self, now: float) -> None:
        """The pause is over: the host served the request that tried it."""
        self.climbed_at = self.step_at = now
        self.step_good = 0
        self.refused_at = 0.0
        if self.ceiling is None:
            return
        before = self.ceiling_before
        confirmed = (
            before is not None and abs(self.ceiling - before) <= retry.HOST_SAME_LIMIT * before
        )
        longest = retry.HOST_HOLD_MAX_SECONDS if confirmed else retry.HOST_HOLD_SECONDS
        self.hold_seconds = min(2 * self.hold_seconds, longest)

    # --- what may be asked -----------------------------------------------------------------------

    def is_learning(self, policy: Policy) -> bool:
        """True during slow start."""
        return self.ceiling is None and policy.max_rate is None

    def within_bounds(self, permits: int, now: float) -> int:
        """How many of these permits may be granted in slow start.

        A host that has answered little may have few requests on their way: all of them may be
        refused when it first refuses, and one that never answers shall not hold many connections.
        """
        if now > self.granted_at + retry.HOST_OUTSTANDING_SECONDS:
            # Whoever had those permits may have died with them.
            self.outstanding = 0
        most = max(retry.HOST_FIRST_CONTACT, self.served // retry.HOST_SERVED_PER_OUTSTANDING)
        permits = min(permits, max(most - self.outstanding, 0))
        if permits:
            self.outstanding += permits
            self.granted_at = now
        return permits

    def limited(self, now: float, policy: Policy) -> float | None:
        """Requests a second from now on; None: no limit in sight."""
        if policy.max_rate is not None and (self.rate is None or self.ceiling is None):
            # The operator knows the host: no slow start, and never beyond.
            self.rate = policy.max_rate
        self._climb(now)
        if policy.max_rate is not None and self.rate is not None:
            self.rate = min(self.rate, policy.max_rate)
        return self.rate

    def _climb(self, now: float) -> None:
        if self.rate is None:
            return
        # A time without demand is none in which the host had no objection.
        elapsed = min(max(now - self.climbed_at, 0.0), 1.0)
        self.climbed_at = now
        if self.ceiling is None:
            enough = self.step_good >= max(self.rate * retry.HOST_STEP_SECONDS, 2)
            if enough and now - self.step_at >= retry.HOST_STEP_SECONDS:
                self.rate = min(2 * self.rate, retry.HOST_FREE_RATE)
                self.step_at, self.step_good = now, 0
                fast = self.rate >= retry.HOST_FREE_RATE
                if fast and self.served >= retry.HOST_FREE_SERVED:
                    self.rate = None
            return
        below = retry.HOST_BELOW_CEILING * self.ceiling
        if self.rate < below:
            self.rate = min(below, self.rate + retry.HOST_CLIMB * self.ceiling * elapsed)
        elif now - self.slowed_at > self.hold_seconds:
            self.rate += max(retry.HOST_CREEP * self.ceiling, retry.HOST_CREEP_MIN) * elapsed
            if self.rate > retry.HOST_LIMIT_GONE * self.ceiling:
                self.ceiling, self.step_good, self.step_at = None, 0, now
                self.outstanding = self.served = 0
