"""A simulated host that limits its callers, and workers that ask it as `HostControl` lets them.

Only the clock and the chance are simulated; the real thing is asked in
`tests/integration/worker/test_hosts_that_refuse.py`.
"""

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field

from app.domain.hosts.control import HostControl
from app.domain.hosts.delivered import slot
from app.domain.hosts.exchange import Grant, Policy, Report

POLICY = Policy(patience_seconds=900, max_attempts=4, timeout_seconds=30)
START = 1_000_000.0
TICK = 0.002
EXCHANGE_SECONDS = 0.02
CONNECTIONS = 32


@dataclass
class LimitingHost:
    """Serves `rate` requests a second.

    Args:
        window: "fixed" seconds, the "sliding" last second, or a "bucket" as large as `rate`.
        ban_seconds: all are refused for so long when 20 too many came in a second.
    """

    rate: float
    window: str = "fixed"
    ban_seconds: float = 0.0
    served: int = 0
    refused: int = 0
    bans: int = 0
    _banned_until: float = 0.0
    _recent: list[float] = field(default_factory=list)
    _bucket: float | None = None
    _bucket_at: float = START

    def serves(self, now: float) -> bool:
        """Answer one request."""
        good = now >= self._banned_until and self._within(now)
        self.served += good
        self.refused += not good
        return good

    def _within(self, now: float) -> bool:
        if self.window == "bucket":
            level = self.rate if self._bucket is None else self._bucket
            self._bucket = min(self.rate, level + (now - self._bucket_at) * self.rate)
            self._bucket_at = now
            if self._bucket < 1:
                return False
            self._bucket -= 1
            return True
        since = float(int(now)) if self.window == "fixed" else now - 1
        self._recent = [moment for moment in self._recent if moment >= since]
        over = len(self._recent) + 1 - self.rate
        if self.ban_seconds and over >= 20:
            self.bans += 1
            self._banned_until = now + self.ban_seconds
        if over <= 0 or self.ban_seconds:
            self._recent.append(now)
        return over <= 0


@dataclass
class _Worker:
    permits: list[tuple[float, bool]] = field(default_factory=list)
    free: bool = False
    ask_at: float = 0.0
    exchange_at: float = 0.0
    tell_at: float = 0.0
    low: int = 0
    running: int = 0
    urgent: bool = False
    # (good, sent_at, probe), and how many permits ended besides.
    answers: list[tuple[bool, float, bool]] = field(default_factory=list)
    unused: int = 0


@dataclass
class Result:
    """What a simulated request came to."""

    seconds: float
    given_up: str | None


class Simulation:
    """A request of so many images, all on one host."""

    def __init__(
        self,
        host: LimitingHost,
        *,
        workers: int = 1,
        latency_seconds: float = 0.005,
        retry_after: float | None = 1.0,
        control: HostControl | None = None,
        policy: Policy = POLICY,
    ) -> None:
        self.host = host
        self.control = control or HostControl()
        self.policy = policy
        self.latency_seconds = latency_seconds
        self.retry_after = retry_after
        self.workers = [_Worker() for _ in range(workers)]
        self.now = START
        self.chance = random.Random(1)
        self._coming: list[tuple[float, int, int, bool, float, bool]] = []
        self._number = 0

    def run(self, images: int, *, at_most_seconds: float = 2_000.0) -> Result:
        """Until all images are served, or given up."""
        began, done, waiting = self.now, 0, images
        while done < images:
            assert self.now - began < at_most_seconds, f"{done} of {images} after {self.now}"
            for index, good in self._arrived():
                done += good
                waiting += not good
                self.workers[index].running -= 1
            for worker in self.workers:
                code = self._exchange(worker, waiting)
                if code is not None:
                    return Result(self.now - began, code)
            for index, worker in enumerate(self.workers):
                waiting -= self._send(index, worker, waiting)
            self.now += TICK
        return Result(self.now - began, None)

    def _arrived(self) -> list[tuple[int, bool]]:
        arrived = []
        while self._coming and self._coming[0][0] <= self.now:
            _, _, index, good, sent_at, probe = heapq.heappop(self._coming)
            worker = self.workers[index]
            worker.answers.append((good, sent_at, probe))
            if not good:
                worker.unused += len(worker.permits)
                worker.permits, worker.free, worker.urgent = [], False, True
            arrived.append((index, good))
        return arrived

    def _exchange(self, worker: _Worker, waiting: int) -> str | None:
        wants = waiting > 0 and not worker.free and len(worker.permits) <= worker.low
        tells = bool(worker.answers) and self.now >= worker.tell_at
        due = worker.urgent or tells or (wants and self.now >= worker.ask_at)
        if not due or self.now < worker.exchange_at:
            return None
        worker.urgent, worker.exchange_at = False, self.now + EXCHANGE_SECONDS
        given_up = self.control.note(self._report(worker), self.now, self.policy, "cdn.example")
        if given_up is not None:
            return given_up.code
        grant = self.control.grant(waiting if wants else 0, self.now, self.policy)
        self._take_in(worker, grant)
        return None

    def _report(self, worker: _Worker) -> Report:
        good = [sent for is_good, sent, _ in worker.answers if is_good]
        bad = [sent for is_good, sent, _ in worker.answers if not is_good]
        report = Report(
            good=len(good),
            good_sent_at=max(good, default=0.0),
            good_sent=tuple(Counter(map(slot, good)).items()),
            refused=len(bad),
            first_refused_sent_at=min(bad, default=0.0),
            refused_sent_at=max(bad, default=0.0),
            retry_after=self.retry_after if bad else None,
            ended=len(worker.answers) + worker.unused,
            probe_ended=any(probe for _, _, probe in worker.answers),
        )
        worker.answers, worker.unused = [], 0
        return report

    def _take_in(self, worker: _Worker, grant: Grant) -> None:
        worker.free = grant.free
        first = self.now + grant.delay
        worker.permits += [(first + n * grant.spacing, grant.probe) for n in range(grant.permits)]
        worker.low = len(worker.permits) // 2
        worker.ask_at = self.now + grant.wait
        worker.tell_at = self.now + (1.0 if grant.free else 0.05)

    def _send(self, index: int, worker: _Worker, waiting: int) -> int:
        sent = 0
        while sent < waiting and worker.running < CONNECTIONS:
            probe = False
            if not worker.free:
                if not worker.permits or worker.permits[0][0] > self.now:
                    break
                _, probe = worker.permits.pop(0)
            worker.running += 1
            good = self.host.serves(self.now)
            arrives = self.now + self.latency_seconds * (0.7 + 0.6 * self.chance.random())
            self._number += 1
            heapq.heappush(self._coming, (arrives, self._number, index, good, self.now, probe))
            sent += 1
        return sent
