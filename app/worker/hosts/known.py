"""What this worker may ask each image host now: permits from the database, answers back to it.

A host without a limit in sight costs nothing here but a look once a second. From any other host an
image is fetched with a permit, which all workers draw from one row (`db/hosts/permits.py`);
refusals go there at once, everything else when permits run low.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

import structlog
from sqlalchemy import Connection

from app.adapters import now
from app.db import hosts
from app.db.hosts import Ask, Exchanged
from app.domain.hosts.exchange import Grant, Policy
from app.worker.hosts.answers import Answer, Kind
from app.worker.hosts.host import HELD_SECONDS, LOOK_SECONDS, Host
from app.worker.hosts.permit import Permit

log = structlog.get_logger(__name__)

# Between two exchanges with the database.
EXCHANGE_SECONDS = 0.02
# How long a host is remembered here that nobody asks; the database remembers it for longer.
FORGET_SECONDS = 60.0
FORGET_EVERY_SECONDS = 10.0


# What a failure means for the host when the image had failed before.
_OF_THE_IMAGE = {Kind.FAILED: Kind.NEUTRAL, Kind.UNAVAILABLE: Kind.BROKEN}


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
        transact: Callable[[Callable[[Connection], Exchanged]], Awaitable[Exchanged]],
        policy: Callable[[str], Policy],
        connections: Callable[[str], int],
        given_up: Callable[[], None],
    ) -> None:
        self._transact = transact
        self._policy = policy
        self._connections = connections
        self._given_up = given_up
        self._hosts: dict[str, Host] = {}
        # Of those, the ones that have something under way, to want or to tell: a file may have
        # a hundred thousand hosts.
        self._busy: dict[str, Host] = {}
        self._held_until = 0.0
        self._forget_at = 0.0
        # From this machine's monotonic clock to the clock of all workers.
        self._offset = time.time() - time.monotonic()
        self._ask = asyncio.Event()
        self._changed = asyncio.Event()

    def take(self, name: str) -> Permit | None:
        """A permit for one request now, and one of the host's connections; None: not now."""
        host = self._hosts.get(name)
        if host is None:
            # Somebody will want it in a moment; until then nothing is known.
            host = self._hosts[name] = self._busy[name] = Host(
                self._policy(name), connections=self._connections(name)
            )
            self._ask.set()
            return None
        if host.running >= host.connections:
            return None
        permit = host.take(name, time.monotonic(), self._offset)
        if permit is not None:
            self._busy[name] = host
        return permit

    def want(self, name: str, images: int) -> None:
        """Note how many images wait for a permit of this host."""
        host = self._hosts.get(name)
        if host is not None and host.want(images):
            self._busy[name] = host
            if time.monotonic() >= host.wait_until:
                self._ask.set()

    def answered(self, permit: Permit, answer: Answer, *, first: bool) -> None:
        """A request has come to its end, and its connection is free; once for each permit.

        Args:
            first: it was the image's first attempt. That an image fails which has failed before
                says nothing of its host.
        """
        host = self._hosts[permit.host]
        host.running -= 1
        host.used_at = time.monotonic()
        if not first and not permit.probe:
            answer = answer._replace(kind=_OF_THE_IMAGE.get(answer.kind, answer.kind))
        host.answers.add(permit, answer)
        if answer.refused:
            host.refused()
        if host.answers.urgent:
            self._ask.set()

    def patience(self, name: str) -> float:
        """The longest `Retry-After` of this host that is waited for, in seconds."""
        return self._hosts[name].policy.patience_seconds

    def unavailable_in_a_row(self, name: str) -> int:
        """How often the host has answered 503 since its last good answer, as known here."""
        return self._hosts[name].answers.unavailable_in_a_row

    def held(self) -> set[str]:
        """Hosts that may not be asked for a while: their images are better left in the queue."""
        moment = time.monotonic()
        if moment >= self._held_until:
            return set()
        return {
            name
            for name, host in self._hosts.items()
            if host.held_until > moment + (0.0 if host.silent else HELD_SECONDS)
        }

    def is_silent(self, name: str) -> bool:
        """True while the host answers nobody, and one image at a time tries it."""
        host = self._hosts.get(name)
        return host is not None and host.silent

    def any_silent(self) -> bool:
        """True while some host answers nobody."""
        return any(host.silent for host in self._hosts.values())

    def next_chance(self, names: Iterable[str]) -> float:
        """In how many seconds one of these hosts may be asked again, as far as is known."""
        moment = time.monotonic()
        known = (self._hosts[name] for name in names if name in self._hosts)
        return min((max(host.held_until - moment, 0.0) for host in known), default=0.0)

    async def changed(self, within_seconds: float) -> None:
        """Return when there are new permits, or after this time."""
        self._changed.clear()
        await _within(within_seconds, self._changed)

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
            await _within(self._sleep_seconds(), self._ask)
            self._ask.clear()
            await self._exchange()
            self._forget_idle()
            await asyncio.sleep(EXCHANGE_SECONDS)

    async def tell_rest(self) -> None:
        """Report the rest: what this worker was granted must not count for ever."""
        for host in self._busy.values():
            host.stop_asking()
        await self._exchange()

    def _sleep_seconds(self) -> float:
        moment = time.monotonic()
        waits = [host.wait_until - moment for host in self._busy.values() if host.wanted]
        return min(max(min(waits, default=LOOK_SECONDS), 0.001), LOOK_SECONDS)

    async def _exchange(self) -> None:
        moment = time.monotonic()
        due = [name for name, host in self._busy.items() if host.due(moment)]
        self._busy = {name: host for name, host in self._busy.items() if not host.is_quiet}
        if not due:
            return
        asks: dict[str, Ask] = {}
        for name in due:
            host = self._hosts[name]
            asks[name] = Ask(host.answers.report(), host.wanted, host.policy)
            host.wanted = 0
        began = time.monotonic()
        reply = await self._transact(lambda connection: hosts.exchange(connection, asks, now=now()))
        # The database looked at its clock somewhere in between.
        self._offset = reply.now - (began + time.monotonic()) / 2
        for name, grant in reply.grants.items():
            self._take_in(name, grant, asks[name].wanted)
        self._changed.set()
        if reply.given_up:
            log.warning("hosts_given_up", hosts=reply.given_up)
            self._given_up()

    def _take_in(self, name: str, grant: Grant, wanted: int) -> None:
        host, moment = self._hosts[name], time.monotonic()
        if grant.held and moment + grant.wait > host.held_until + HELD_SECONDS:
            log.info("host_held", host=name, seconds=round(grant.wait, 1))
        host.take_in(grant, wanted=wanted, moment=moment)
        self._held_until = max(self._held_until, host.held_until)
        if not host.is_quiet:
            self._busy[name] = host

    def _forget_idle(self) -> None:
        moment = time.monotonic()
        if moment < self._forget_at:
            return
        self._forget_at = moment + FORGET_EVERY_SECONDS
        before = moment - FORGET_SECONDS
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if name in self._busy
            or host.held_until > moment
            or max(host.used_at, host.asked_at) > before
        }


async def _within(seconds: float, event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
