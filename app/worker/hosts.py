"""What this worker may ask each image host now: permits from the database, answers back to it.

A host without a limit in sight costs nothing here but a look once a second. From any other host an
image is fetched with a permit, which all workers draw from one row (`db/hosts.py`); refusals go
there at once, everything else when permits run low.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

import structlog
from sqlalchemy import Connection

from app.db import hosts
from app.db.hosts import Ask, Exchanged
from app.domain.hosts import Grant, Policy
from app.services.adapters import now
from app.worker.answers import Answer, Answers, Kind

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Between two exchanges with the database, and the longest time without one for a host in use.
EXCHANGE_SECONDS = 0.02
LOOK_SECONDS = 1.0
# A permit that is not used so long behind its moment is void: the host is not to see a burst.
PERMIT_SECONDS = 0.15
# A host that may not be asked for this long is passed over when images are claimed.
HELD_SECONDS = 1.0
FORGET_SECONDS = 60.0
MOST_WANTED = 1_000


class Permit(NamedTuple):
    """One request may be sent; `sent_at` is by the clock of all workers, in seconds since 1970."""

    host: str
    sent_at: float
    probe: bool = False
    limited: bool = True


class Host:
    """One host as this worker sees it; its moments are `time.monotonic()`."""

    __slots__ = (
        "answers",
        "asked_at",
        "free",
        "held_until",
        "low",
        "permits",
        "policy",
        "running",
        "silent",
        "used_at",
        "wait_until",
        "wanted",
    )

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.answers = Answers()
        self.running = 0
        self.free = False
        self.silent = False
        # (when, probe), the next one first; `low`: with so few left it is time for more.
        self.permits: deque[tuple[float, bool]] = deque()
        self.low = 0
        self.wanted = 0
        self.asked_at = 0.0
        self.wait_until = 0.0
        self.held_until = 0.0
        self.used_at = 0.0

    def due(self, moment: float) -> bool:
        """True when the database has to hear of the host, or to give permits for it."""
        if self.answers.urgent:
            return True
        if self.wanted and moment >= self.wait_until:
            return True
        return moment - self.asked_at >= LOOK_SECONDS and (self.running > 0 or self.answers.any)


class Hosts:
    """All hosts of this worker; used from its event loop only.

    Args:
        transact: runs a function in a database transaction, off the loop.
        policy: the settings for a host.
        connections: how many downloads at a time from a host, for this worker.
        given_up: called behind an exchange that gave hosts up.
    """

    def __init__(
        self,
        *,
        transact: "Callable[[Callable[[Connection], Exchanged]], object]",
        policy: Callable[[str], Policy],
        connections: Callable[[str], int],
        given_up: Callable[[], None],
    ) -> None:
        self._transact = transact
        self._policy = policy
        self._connections = connections
        self._given_up = given_up
        self._hosts: dict[str, Host] = {}
        # From this machine's monotonic clock to the clock of all workers.
        self._offset = time.time() - time.monotonic()
        self._ask = asyncio.Event()
        self._changed = asyncio.Event()

    def take(self, name: str) -> Permit | None:
        """A permit for one request now, and one of the host's connections; None: not now."""
        host = self._hosts.get(name) or self._meet(name)
        if host.running >= self._connections(name):
            return None
        moment = time.monotonic()
        if host.free:
            host.running += 1
            host.answers.sent()
            return Permit(name, moment + self._offset, limited=False)
        self._drop_stale(host, moment)
        if not host.permits or host.permits[0][0] > moment:
            return None
        _, probe = host.permits.popleft()
        host.running += 1
        host.answers.sent()
        return Permit(name, moment + self._offset, probe)

    def want(self, name: str, images: int) -> None:
        """So many images wait for a permit of this host."""
        host = self._hosts[name]
        if host.free or len(host.permits) > host.low:
            return
        host.wanted = min(max(host.wanted, images), MOST_WANTED)
        if time.monotonic() >= host.wait_until:
            self._ask.set()

    def leave(self, permit: Permit) -> None:
        """A request has come to its end: its connection is free."""
        host = self._hosts[permit.host]
        host.running -= 1
        host.used_at = time.monotonic()

    def answered(self, permit: Permit, answer: Answer, *, first: bool) -> None:
        """Note how a request ended; called once for each permit.

        Args:
            first: it was the image's first attempt. That an image fails which has failed before
                says nothing of its host.
        """
        host = self._hosts[permit.host]
        if answer.kind is Kind.FAILED and not first and not permit.probe:
            answer = Answer(Kind.NEUTRAL)
        host.answers.add(permit, answer)
        if host.answers.urgent:
            if answer.refused and host.permits:
                # The others' refusals would be of the same burst.
                self._drop(host, len(host.permits))
            host.free = False
            self._ask.set()

    def patience(self, name: str) -> float:
        """The longest `Retry-After` of this host that is waited for, in seconds."""
        return self._hosts[name].policy.patience_seconds

    def unavailable_in_a_row(self, name: str) -> int:
        """How often the host has answered 503 since its last good answer, as known here."""
        return self._hosts[name].answers.unavailable_in_a_row

    def running(self, name: str) -> int:
        """Downloads from the host in this worker."""
        host = self._hosts.get(name)
        return host.running if host is not None else 0

    def held(self) -> set[str]:
        """Hosts that may not be asked for a while: their images are better left in the queue."""
        moment = time.monotonic()
        return {
            name
            for name, host in self._hosts.items()
            if host.held_until > moment + (0.0 if host.silent else HELD_SECONDS)
        }

    def is_silent(self, name: str) -> bool:
        """True while the host answers nobody, and one image at a time tries it."""
        host = self._hosts.get(name)
        return host is not None and host.silent

    def next_chance(self, names: Iterable[str]) -> float:
        """In how many seconds one of these hosts may be asked again, as far as is known."""
        moment = time.monotonic()
        known = (self._hosts[name] for name in names if name in self._hosts)
        waits = [max(host.held_until - moment, 0.0) for host in known]
        return min(waits, default=0.0)

    async def changed(self, within_seconds: float) -> None:
        """Return when there are new permits, or after this time."""
        self._changed.clear()
        try:
            async with asyncio.timeout(within_seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def states(self) -> dict[str, int]:
        """How many hosts are free, limited and held, for metrics; any thread may ask."""
        counts = {"free": 0, "limited": 0, "held": 0}
        moment = time.monotonic()
        for host in list(self._hosts.values()):
            held = host.held_until > moment
            counts["held" if held else "free" if host.free else "limited"] += 1
        return counts

    async def exchange_for_ever(self) -> None:
        """Exchange with the database whenever there is something to tell or to ask."""
        while True:
            try:
                async with asyncio.timeout(self._sleep_seconds()):
                    await self._ask.wait()
            except TimeoutError:
                pass
            self._ask.clear()
            await self._exchange()
            await asyncio.sleep(EXCHANGE_SECONDS)

    def _meet(self, name: str) -> Host:
        host = self._hosts[name] = Host(self._policy(name))
        host.wanted = 1
        self._ask.set()
        return host

    def _sleep_seconds(self) -> float:
        moment = time.monotonic()
        waits = [host.wait_until - moment for host in self._hosts.values() if host.wanted]
        return min(max(min(waits, default=LOOK_SECONDS), 0.001), LOOK_SECONDS)

    async def _exchange(self) -> None:
        moment = time.monotonic()
        for host in self._hosts.values():
            self._drop_stale(host, moment)
        due = [name for name, host in self._hosts.items() if host.due(moment)]
        if due:
            asks: dict[str, Ask] = {}
            for name in due:
                host = self._hosts[name]
                report = host.answers.report()
                asks[name] = Ask(report, host.wanted, host.policy)
                host.wanted = 0
            began = time.monotonic()
            answer: Exchanged = await self._transact(  # type: ignore[misc]
                lambda connection: hosts.exchange(connection, asks, now=now())
            )
            self._offset = answer.now - (began + time.monotonic()) / 2
            for name, grant in answer.grants.items():
                self._take_in(name, grant, wanted=asks[name].wanted)
            self._changed.set()
            if answer.given_up:
                log.warning("hosts_given_up", hosts=answer.given_up)
                self._given_up()
        self._forget_idle(moment)

    def _take_in(self, name: str, grant: Grant, *, wanted: int) -> None:
        host = self._hosts[name]
        moment = time.monotonic()
        host.asked_at = moment
        # A refusal that came while the database was asked is not known there yet.
        host.free = grant.free and not host.answers.urgent
        if grant.held and moment + grant.wait > host.held_until + HELD_SECONDS:
            log.info("host_held", host=name, seconds=round(grant.wait, 1))
        host.silent = grant.silent
        host.held_until = moment + grant.wait if grant.held else 0.0
        host.wait_until = moment + grant.wait
        if grant.permits:
            first = moment + grant.delay
            host.permits.extend(
                (first + n * grant.spacing, grant.probe) for n in range(grant.permits)
            )
            host.low = len(host.permits) // 2
        elif wanted and not grant.free:
            # Still wanted: asked for again when the wait is over.
            host.wanted = max(host.wanted, wanted)

    def _drop_stale(self, host: Host, moment: float) -> None:
        stale = 0
        for at, _ in host.permits:
            if at > moment - PERMIT_SECONDS:
                break
            stale += 1
        if stale:
            self._drop(host, stale)

    def _drop(self, host: Host, permits: int) -> None:
        for _ in range(permits):
            _, probe = host.permits.popleft()
            host.answers.unused(probe=probe)

    def _forget_idle(self, moment: float) -> None:
        idle = [
            name
            for name, host in self._hosts.items()
            if not host.running
            and host.held_until < moment
            and not host.permits
            and not host.wanted
            and not host.answers.any
            and moment - max(host.used_at, host.asked_at) > FORGET_SECONDS
        ]
        for name in idle:
            del self._hosts[name]
