"""One image host as this worker sees it: its permits, its answers, and what is under way."""

from collections import deque

from app.domain.hosts.exchange import Grant, Policy
from app.worker.hosts.answers import Answers
from app.worker.hosts.permit import Permit

# The longest time without an exchange about a host in use.
LOOK_SECONDS = 1.0
# A permit that is not used so long behind its moment is void: the host is not to see a burst.
PERMIT_SECONDS = 0.15
# A host that may not be asked for this long is passed over when images are claimed.
HELD_SECONDS = 1.0
MOST_WANTED = 1_000
# A host that is held for long is asked about this often: its row may have been changed by others.
WAIT_MAX_SECONDS = 15.0


class Host:
    """One host; all moments are `time.monotonic()`.

    Attributes:
        connections: how many downloads there may be at a time.
        running: downloads under way.
        free: no limit is in sight, requests need no permits.
        silent: it answers nobody; the one permit there is tries it.
        held_until: nobody may ask it before.
        wait_until: asking for permits before that is of no use.
        wanted: images that wait for permits.
        asked_at, used_at: the last exchange about it, and the last end of a request.
    """

    __slots__ = (
        "_low",
        "_permits",
        "answers",
        "asked_at",
        "connections",
        "free",
        "held_until",
        "policy",
        "running",
        "silent",
        "used_at",
        "wait_until",
        "wanted",
    )

    def __init__(self, policy: Policy, *, connections: int) -> None:
        self.policy = policy
        self.connections = connections
        self.answers = Answers()
        self.running = 0
        self.free = False
        self.silent = False
        # (when, probe), the next one first; with `_low` of them left it is time for more.
        self._permits: deque[tuple[float, bool]] = deque()
        self._low = 0
        self.wanted = 1
        self.asked_at = 0.0
        self.wait_until = 0.0
        self.held_until = 0.0
        self.used_at = 0.0

    @property
    def is_quiet(self) -> bool:
        """True when nothing is in flight, wanted or to be reported."""
        return not (self.running or self._permits or self.wanted or self.answers.any)

    def due(self, moment: float) -> bool:
        """True when the database has to hear of the host, or to give permits for it."""
        self.drop_stale(moment)
        if self.answers.urgent or (self.wanted and moment >= self.wait_until):
            return True
        return moment - self.asked_at >= LOOK_SECONDS and (self.running > 0 or self.answers.any)

    def take(self, name: str, moment: float, offset: float) -> Permit | None:
        """Start a request now, if that is allowed.

        Args:
            offset: from this machine's monotonic clock to the clock of all workers.
        """
        probe = False
        if not self.free:
            self.drop_stale(moment)
            if not self._permits or self._permits[0][0] > moment:
                return None
            _, probe = self._permits.popleft()
        self.running += 1
        return Permit(name, moment + offset, probe, limited=not self.free)

    def want(self, images: int) -> bool:
        """Note that images wait for permits; False when there are enough for now."""
        if self.free or len(self._permits) > self._low:
            return False
        self.wanted = min(max(self.wanted, images), MOST_WANTED)
        return True

    def refused(self) -> None:
        """The host refuses: what would be sent now would be refused as well."""
        self.free = False
        self._drop(len(self._permits))

    def stop_asking(self) -> None:
        """The worker stops: tell all at the next exchange, and want nothing."""
        self._drop(len(self._permits))
        self.wanted, self.asked_at = 0, float("-inf")

    def take_in(self, grant: Grant, *, wanted: int, moment: float) -> None:
        """What the database granted, `wanted` permits having been asked for."""
        self.asked_at = moment
        # A refusal that came while the database was asked is not known there yet.
        self.free = grant.free and not self.answers.urgent
        self.silent = grant.silent
        self.held_until = moment + grant.wait if grant.held else 0.0
        self.wait_until = moment + min(grant.wait, WAIT_MAX_SECONDS)
        if grant.permits:
            first = moment + grant.delay
            self._permits.extend(
                (first + n * grant.spacing, grant.probe) for n in range(grant.permits)
            )
            self._low = len(self._permits) // 2
        elif not grant.free:
            # Still wanted: asked for again when the wait is over.
            self.wanted = max(self.wanted, wanted)

    def drop_stale(self, moment: float) -> None:
        """Give up permits whose moment has passed unused."""
        stale = 0
        for at, _ in self._permits:
            if at > moment - PERMIT_SECONDS:
                break
            stale += 1
        self._drop(stale)

    def _drop(self, permits: int) -> None:
        for _ in range(permits):
            _, probe = self._permits.popleft()
            self.answers.unused(probe=probe)
