"""How often an image host may be asked, learnt from its answers. No I/O and no clock of its own.

One `HostControl` a host is shared by all workers: each reports what it was answered and is granted
permits for its next requests. All moments are seconds since 1970 by the database's clock.

The rate follows AIMD with what TCP and BBR add to it: slow start until the host refuses, the
throughput that it delivered as the estimate of its limit, a pause with one probe behind it, half
the rate, a quick climb to just below the limit, and a long hold there before asking for more.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

from app.domain import retry
from app.domain.host_give_up import reason_to_give_up
from app.domain.hosts import GiveUp, Grant, HostState, Policy, Report


@dataclass(slots=True)
class HostControl:
    """Everything that workers know of one host; see the module.

    Args:
        rate: requests a second of all workers together; None: no limit in sight.
        ceiling: answers a second that the host gave when it refused; None: it never did.
        next_slot_at: when the next request may be sent at this rate (GCRA's arrival time).
        paused_until: nobody asks before; behind it one probe goes out.
        pauses: refusals in a row, each behind a pause; 0 while the host serves.
        slowed_at: when it refused last, so that the refusals of one burst count once.
        hold_seconds: how long the rate stays below the ceiling before it goes beyond.
        climbed_at: when the rate was last looked at.
        step_at, step_good: slow start: when the rate last doubled, and good answers since.
        window_at, window_good, window_before: good answers in this second and the one before.
        served: slow start: good answers so far; `outstanding` permits have not come to their end,
            and the newest was granted at `granted_at`.
        probe_until: a probe is out until then at the latest.
        silent: requests without an answer in a row; `tries` of one at a time, then it is given up.
        impatient: in a row, as in `Report`.
        answered_at, alive_at: the newest good answer, and the newest answer of any kind.
        refusing_since: the first refusal behind it.
        seen_at: the newest moment that this was asked at.
    """

    rate: float | None = retry.HOST_START_RATE
    ceiling: float | None = None
    next_slot_at: float = 0.0
    paused_until: float = 0.0
    pauses: int = 0
    slowed_at: float = 0.0
    hold_seconds: float = retry.HOST_HOLD_SECONDS
    climbed_at: float = 0.0
    step_at: float = 0.0
    step_good: int = 0
    window_at: float = 0.0
    window_good: int = 0
    window_before: int = 0
    served: int = 0
    outstanding: int = 0
    granted_at: float = 0.0
    probe_until: float = 0.0
    silent: int = 0
    tries: int = 0
    impatient: int = 0
    answered_at: float = 0.0
    alive_at: float = 0.0
    refusing_since: float = 0.0
    seen_at: float = 0.0
    last_error: str | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "HostControl":
        """The control as it was stored; what another version kept besides is left out."""
        known = cls.__dataclass_fields__
        return cls(**{name: each for name, each in value.items() if name in known})

    def to_json(self) -> dict[str, Any]:
        """The control as a row keeps it."""
        return asdict(self)

    def state(self, now: float) -> HostState:
        """What people are shown."""
        if self.silent >= retry.HOST_SILENT_AFTER:
            return HostState.UNREACHABLE
        if self.pauses or self.paused_until > now:
            return HostState.PAUSED
        return HostState.SLOWED if self.ceiling is not None else HostState.OK

    # --- what was answered -----------------------------------------------------------------------

    def note(self, report: Report, now: float, policy: Policy, host: str) -> GiveUp | None:
        """Take a worker's report in; returns what becomes of the images that wait."""
        self._keep_time(now)
        if report.probe_ended:
            self.probe_until = 0.0
            if report.broken and not self.refusing_since:
                # It lives, and does not refuse: what is broken is each image's own trouble.
                self.pauses, self.paused_until = 0, 0.0
        self.outstanding = max(self.outstanding - report.ended, 0)
        if report.error is not None:
            self.last_error = report.error
        if report.good:
            self._served(report, now)
        if report.good or report.broken or report.refused or report.unavailable:
            self.silent = self.tries = 0
            self.alive_at = now
        self.impatient = 0 if report.good else self.impatient + report.impatient
        if report.refused:
            self._refused(report, now)
        if report.failed:
            self._failed(report, now)
        return self.give_up(now, policy, host)

    def _keep_time(self, now: float) -> None:
        """After the clock was set back, moments to come would hold the host for that long."""
        back = self.seen_at - now
        if back > retry.CLOCK_STEP_SECONDS:
            for name in _MOMENTS:
                moment = getattr(self, name)
                setattr(self, name, max(moment - back, 0.0))
        self.seen_at = now

    def give_up(self, now: float, policy: Policy, host: str) -> GiveUp | None:
        """Whether the images that wait for the host are to fail, and the state behind that."""
        reason = reason_to_give_up(self, now, policy, host)
        if reason is not None:
            self.tries = self.impatient = 0
            self.refusing_since = 0.0
            # Long enough that every worker lets go of its images; behind it one request probes.
            self.pauses = max(self.pauses, 1)
            pause = retry.HOST_GIVEN_UP_PAUSE_SECONDS
            self.paused_until = max(self.paused_until, now + pause)
        return reason

    def _served(self, report: Report, now: float) -> None:
        elapsed = now - self.window_at
        if elapsed >= 1.0:
            self.window_before = self.window_good if elapsed < 2.0 else 0
            self.window_good, self.window_at = 0, now
        self.window_good += report.good
        self.step_good += report.good
        self.served += report.good
        self.answered_at = now
        if not self.pauses:
            return
        if report.good_sent_at <= self.slowed_at:
            # Sent before the refusal and told late, mostly by other workers: it was delivered, too.
            self.ceiling = report.good + (self.ceiling or 0.0)
        elif report.good_sent_at >= self.paused_until:
            self.pauses, self.paused_until, self.refusing_since = 0, 0.0, 0.0
            self.next_slot_at = self.climbed_at = self.step_at = now
            self.step_good = 0

    def _refused(self, report: Report, now: float) -> None:
        if report.refused_sent_at <= max(self.slowed_at, self.paused_until):
            # Of the burst that has been counted; others did not know of the pause yet.
            if report.retry_after is not None:
                self.paused_until = max(self.paused_until, now + report.retry_after)
            return
        if not self.pauses:
            self._slow_down(report, now)
        self.refusing_since = self.refusing_since or now
        self.pauses += 1
        self.slowed_at = now
        pause = report.retry_after
        if pause is None or pause < retry.HOST_PAUSE_SECONDS:
            pause = retry.host_pause_seconds(self.pauses)
        self.paused_until = max(self.paused_until, now + pause)

    def _slow_down(self, report: Report, now: float) -> None:
        """Halve the rate, and take what the host delivered for its limit."""
        before = self.rate if self.rate is not None else report.sent_per_second
        delivered = max(self._delivered(now), report.served_per_second)
        if self.ceiling is None and delivered < 1:
            # It refuses from the start: that says nothing of its limit.
            self.rate = max(min(before, retry.HOST_START_RATE) / 2, 1.0)
            return
        if self.ceiling is not None and before <= self.ceiling:
            # Too much again, although below what was taken for the limit. Without much demand it
            # has delivered little, which is no reason to fall further than by half.
            delivered = min(delivered, retry.HOST_TOO_MUCH_AGAIN * before)
            delivered = max(delivered, before / 2)
        delivered = max(delivered, retry.HOST_MIN_RATE)
        confirmed = (
            self.ceiling is not None
            and abs(delivered - self.ceiling) <= retry.HOST_SAME_LIMIT * self.ceiling
        )
        longest = retry.HOST_HOLD_MAX_SECONDS if confirmed else retry.HOST_HOLD_SECONDS
        self.hold_seconds = min(2 * self.hold_seconds, longest)
        self.ceiling = delivered
        self.rate = max(min(before, delivered) / 2, retry.HOST_MIN_RATE)

    def _delivered(self, now: float) -> float:
        """Good answers in the second before now, as far as two counters can tell."""
        age = now - self.window_at
        if age >= 2.0:
            return 0.0
        return self.window_good + self.window_before * max(1.0 - age, 0.0)

    def _failed(self, report: Report, now: float) -> None:
        if not (report.good or report.broken or report.refused or report.unavailable):
            self.silent += report.failed
        if report.probe_ended and self.pauses:
            # It refused, and now it does not even answer.
            self.silent = max(self.silent, retry.HOST_SILENT_AFTER)
        if self.silent < retry.HOST_SILENT_AFTER:
            return
        if self.tries == 0 or report.probe_ended:
            self.tries += 1
            self.paused_until = now + retry.host_try_delay(self.tries)

    # --- what may be asked -----------------------------------------------------------------------

    def grant(self, wanted: int, now: float, policy: Policy) -> Grant:
        """Permits for up to `wanted` requests."""
        if self.pauses or self.silent >= retry.HOST_SILENT_AFTER:
            return self._grant_probe(wanted, now, policy)
        rate = self._limited_rate(now, policy)
        if rate is None:
            return Grant(free=True)
        learning = self.ceiling is None and policy.max_rate is None
        horizon = retry.HOST_LEARNING_SECONDS if learning else retry.HOST_PERMITS_SECONDS
        slot = max(self.next_slot_at, now)
        if slot > now + horizon or wanted == 0:
            return Grant(wait=max(slot - now - horizon, retry.HOST_LEARNING_SECONDS))
        permits = min(wanted, math.floor((now + horizon - slot) * rate) + 1)
        if learning:
            few = max(retry.HOST_LEARNING_PERMITS, math.ceil(horizon * rate))
            permits = min(permits, few)
            permits = self._within_bounds(permits, now)
            if not permits:
                return Grant(wait=retry.HOST_LEARNING_SECONDS)
        self.next_slot_at = slot + permits / rate
        return Grant(permits=permits, delay=slot - now, spacing=1 / rate)

    def _grant_probe(self, wanted: int, now: float, policy: Policy) -> Grant:
        silent = self.silent >= retry.HOST_SILENT_AFTER
        if now < self.paused_until:
            wait = self.paused_until - now
            if self.refusing_since:
                # At the end of the patience somebody has to look.
                left = max(self.answered_at, self.refusing_since) + policy.patience_seconds - now
                wait = min(wait, max(left, 0.0))
            return Grant(wait=wait, held=True, silent=silent)
        wait = retry.HOST_PERMITS_SECONDS
        if now < self.probe_until or wanted == 0:
            return Grant(wait=wait, silent=silent)
        self.probe_until = now + policy.timeout_seconds + retry.HOST_PROBE_SPARE_SECONDS
        return Grant(permits=1, probe=True, wait=wait, silent=silent)

    def _within_bounds(self, permits: int, now: float) -> int:
        """Slow start: a host that has answered little may have few requests on their way.

        All that are on their way when it first refuses may be refused; and one that never answers
        shall not hold many connections.
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

    def _limited_rate(self, now: float, policy: Policy) -> float | None:
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


# What `HostControl` keeps of moments, for `_keep_time`.
_MOMENTS = (
    "alive_at",
    "answered_at",
    "climbed_at",
    "granted_at",
    "next_slot_at",
    "paused_until",
    "probe_until",
    "refusing_since",
    "seen_at",
    "slowed_at",
    "step_at",
    "window_at",
)
