"""How often an image host may be asked, learnt from its answers. No I/O and no clock of its own.

One `HostControl` a host is shared by all workers: each reports what it was answered and is granted
permits for its next requests. All moments are seconds since 1970 by the database's clock. How
fast it is asked is `HostPace`; a refusal pauses it, and one request probes behind the pause.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from app.domain import retry
from app.domain.hosts.exchange import GiveUp, Grant, HostState, Policy, Report
from app.domain.hosts.give_up import reason_to_give_up
from app.domain.hosts.pace import HostPace


@dataclass(slots=True)
class HostControl:
    """Everything that workers know of one host; see the module.

    Args:
        pace: the rate, and how it was found.
        next_slot_at: when the next request may be sent at this rate (GCRA's arrival time).
        paused_until: nobody asks before; behind it one probe goes out.
        pauses: refusals in a row, each behind a pause; 0 while the host serves.
        probe_until: a probe is out until then at the latest.
        silent: requests without an answer in a row; `tries` of one at a time, then it is given up.
        impatient: in a row, as in `Report`.
        answered_at, alive_at: the newest good answer, and the newest answer of any kind.
        refusing_since: the first refusal behind it.
        seen_at: the newest moment that this was asked at.
    """

    pace: HostPace = field(default_factory=HostPace)
    next_slot_at: float = 0.0
    paused_until: float = 0.0
    pauses: int = 0
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
        fields = {name: each for name, each in value.items() if name in cls.__dataclass_fields__}
        fields["pace"] = HostPace.from_json(fields.get("pace", {}))
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """The control as a row keeps it."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return fields | {"pace": self.pace.to_json()}

    def state(self, now: float) -> HostState:
        """What people are shown."""
        if self.silent >= retry.HOST_SILENT_AFTER:
            return HostState.UNREACHABLE
        if self.pauses or self.paused_until > now:
            return HostState.PAUSED
        return HostState.SLOWED if self.pace.ceiling is not None else HostState.OK

    # --- what was answered -----------------------------------------------------------------------

    def note(self, report: Report, now: float, policy: Policy, host: str) -> GiveUp | None:
        """Take a worker's report in; returns what becomes of the images that wait."""
        self._keep_time(now)
        if report.probe_ended:
            self.probe_until = 0.0
            if report.broken and not self.refusing_since:
                # It lives, and does not refuse: what is broken is each image's own trouble.
                self.pauses, self.paused_until = 0, 0.0
        self.pace.note(report)
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
            self.pace.move_moments(back)
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
        self.answered_at = now
        if not self.pauses:
            return
        if report.good_sent_at >= self.paused_until:
            self.pauses, self.paused_until, self.refusing_since = 0, 0.0, 0.0
            self.next_slot_at = now
            self.pace.serve_again(now)
        else:
            # Sent before the refusal and reported late, mostly by other workers: also delivered.
            self.pace.estimate()

    def _refused(self, report: Report, now: float) -> None:
        pace = self.pace
        if report.refused_sent_at <= max(pace.slowed_at, self.paused_until):
            # Of the burst that has been counted; others did not know of the pause yet.
            pace.refused_earlier(report.first_refused_sent_at)
            if report.retry_after is not None:
                self.paused_until = max(self.paused_until, now + report.retry_after)
            return
        if not self.pauses:
            pace.refuse(report.first_refused_sent_at)
        self.refusing_since = self.refusing_since or now
        self.pauses += 1
        pace.slowed_at = now
        pause = report.retry_after
        if pause is None or pause < retry.HOST_PAUSE.pauses[0]:
            pause = retry.HOST_PAUSE.backoff(self.pauses)
        self.paused_until = max(self.paused_until, now + pause)

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
            self.paused_until = now + retry.HOST_TRY.backoff(self.tries)

    # --- what may be asked -----------------------------------------------------------------------

    def grant(self, wanted: int, now: float, policy: Policy) -> Grant:
        """Permits for up to `wanted` requests."""
        if self.pauses or self.silent >= retry.HOST_SILENT_AFTER:
            return self._grant_probe(wanted, now, policy)
        rate = self.pace.limited(now, policy)
        if rate is None:
            return Grant(free=True)
        learning = self.pace.is_learning(policy)
        horizon = retry.HOST_LEARNING_SECONDS if learning else retry.HOST_PERMITS_SECONDS
        slot = max(self.next_slot_at, now)
        if slot > now + horizon or wanted == 0:
            return Grant(wait=max(slot - now - horizon, retry.HOST_LEARNING_SECONDS))
        permits = min(wanted, math.floor((now + horizon - slot) * rate) + 1)
        if learning:
            few = max(retry.HOST_LEARNING_PERMITS, math.ceil(horizon * rate))
            permits = min(permits, few)
            permits = self.pace.within_bounds(permits, now)
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


# What `HostControl` keeps of moments, for `_keep_time`.
_MOMENTS = (
    "alive_at",
    "answered_at",
    "next_slot_at",
    "paused_until",
    "probe_until",
    "refusing_since",
    "seen_at",
)
