"""Images that a turn has claimed, but not started: enough that the pipe never waits."""

import asyncio
import random
import time
from collections import deque
from datetime import timedelta
from itertools import chain

from sqlalchemy import Connection

from app.adapters import now
from app.db import queue
from app.db.images import reuse
from app.db.queue import ClaimedImage, waiting
from app.worker.context import WorkerContext
from app.worker.slots import Slot

# Images held ready beyond what can start now. Larger claims cost less for each image; but what one
# worker holds, others cannot take, so that only long turns come to the larger number.
AHEAD, MOST_AHEAD = 32, 128
# After this number of claims the request's row notes how far they have come.
NOTED_EVERY = 5_000
# Pause before looking again after the queue had less than was asked for.
LOOK_SECONDS = 0.5
# Looking past a busy host's images costs time that grows with their number: it may take this
# share of the whole at most.
PROBE_SHARE = 0.05
PROBE_SECONDS = 1.0
# Images claimed from anywhere in the file for a host that does not answer: a folder of bad ones
# must not speak for the whole host.
ANYWHERE = 4
# Hosts that one search of the queue passes over: each is a parameter of the statement.
HOSTS_PASSED_MAX = 1_000


class Claims:
    """Claims images of one request and hands them out as their hosts may be asked.

    Images whose host may not be asked now wait in `blocked`, by host. When nothing else is left,
    the turn looks past that host's images for others, so that a slow host delays nobody. Images of
    a host that is held for longer go back to the queue.

    Args:
        places: how many places the request's file has; no image's `seq` is larger.
        scope: whose earlier pictures come with the images.
    """

    def __init__(
        self, context: WorkerContext, request_id: str, *, places: int, scope: reuse.Scope | None
    ) -> None:
        self.context = context
        self.hosts = context.slots.hosts
        self.request_id = request_id
        self.places = places
        self.scope = scope
        self.ready: deque[ClaimedImage] = deque()
        self.blocked: dict[str, deque[ClaimedImage]] = {}
        # Hosts whose images went back to the queue, as they may not be asked for a while.
        self.held: set[str] = set()
        # Such a host does not answer, and it is time to try it with other images than before.
        self._anywhere = self.hosts.any_silent()
        self._ahead = AHEAD
        # The last image so far of those that nobody had claimed before.
        self._last: int | None = None
        self._unnoted = 0
        self._look_at = 0.0
        self._probe_at = 0.0

    def __len__(self) -> int:
        return len(self.ready) + self._blocked_count()

    def all(self) -> list[ClaimedImage]:
        """All that were claimed and not started."""
        return [*chain.from_iterable(self.blocked.values()), *self.ready]

    def take(self, room: int) -> list[Slot]:
        """Slots for up to `room` images whose hosts may be asked now.

        Called for every image that is done, so it looks at no more of them than it has to.
        """
        taken: list[Slot] = []
        for host, images in list(self.blocked.items()):
            while images and len(taken) < room:
                slot = self.context.slots.take(images[0])
                if slot is None:
                    self.hosts.want(host, len(images))
                    break
                images.popleft()
                taken.append(slot)
            if not images:
                del self.blocked[host]
        while self.ready and len(taken) < room:
            image = self.ready.popleft()
            blocked = self.blocked.get(image.host)
            slot = None if blocked else self.context.slots.take(image)
            if slot is not None:
                taken.append(slot)
            else:
                self.blocked.setdefault(image.host, deque()).append(image)
        return taken

    def drop(self, keep: set[int]) -> None:
        """Forget all images but those with a `seq` in `keep`."""
        self.ready = deque(image for image in self.ready if image.seq in keep)
        for host, images in list(self.blocked.items()):
            kept = deque(image for image in images if image.seq in keep)
            if kept:
                self.blocked[host] = kept
            else:
                del self.blocked[host]

    def look_soon(self) -> None:
        """Ask the queue again at the next `fill`, although it had nothing the last time."""
        self._look_at = self._probe_at = 0.0

    async def fill(self, *, room: int) -> None:
        """Claim more when few are left."""
        await self._give_back_held()
        anywhere, self._anywhere = self._anywhere, False
        enough = len(self.ready) > self._ahead // 2 or time.monotonic() < self._look_at
        if enough and not anywhere:
            return
        busy = set(self.held)
        if self._blocked_count() >= self._ahead:
            busy |= set(self.blocked)
        if len(busy) > HOSTS_PASSED_MAX:
            busy = set(list(busy)[:HOSTS_PASSED_MAX])
        if busy and not anywhere and (room == 0 or not await self._others_wait(busy)):
            return
        limit = ANYWHERE if anywhere else room + self._ahead - len(self.ready)
        moment = now()
        lease_until = moment + timedelta(seconds=self.context.adapters.settings.lease_seconds)
        behind = None if busy else self._last
        due_to_note = behind is None or self._unnoted >= NOTED_EVERY
        beyond: int | None = None
        if anywhere:
            beyond = random.randrange(max(self.places, 1))  # noqa: S311 (spreads, guards nothing)

        def work(connection: Connection) -> list[ClaimedImage]:
            if due_to_note:
                waiting.note_claimed(connection, self.request_id)
            return queue.claim(
                connection,
                self.request_id,
                limit=limit,
                now=moment,
                lease_until=lease_until,
                other_than=busy,
                behind=behind,
                beyond=beyond,
                scope=self.scope,
            )

        claimed = await self.context.in_transaction(work)
        self.ready.extend(claimed)
        self._unnoted = len(claimed) + (0 if due_to_note else self._unnoted)
        if anywhere:
            return
        if len(claimed) == limit:
            self._ahead = min(2 * self._ahead, MOST_AHEAD)
            if not busy:
                first_claims = [image.seq for image in claimed if image.fence == 1]
                self._last = first_claims[-1] if first_claims else self._last
        elif self._last is not None and not busy:
            # What another worker was about to take when we passed it may still be there.
            self._last = None
        else:
            self._look_at = time.monotonic() + LOOK_SECONDS

    async def give_back(self) -> None:
        """Return everything to the queue uncounted."""
        await self._give_back(self.all())

    async def _give_back_held(self) -> None:
        """Return the images of hosts that may not be asked for a while; see `held`."""
        held = self.hosts.held()
        ended = self.held - held
        self._anywhere = self._anywhere or any(map(self.hosts.is_silent, ended))
        back = held & set(self.blocked)
        self.held = (self.held & held) | back
        await self._give_back(list(chain.from_iterable(self.blocked[host] for host in back)))

    async def _give_back(self, images: list[ClaimedImage]) -> None:
        if not images:
            return
        gone = {image.seq for image in images}
        self.drop(keep={image.seq for image in self.all() if image.seq not in gone})
        await self.context.in_transaction(
            lambda connection: queue.give_back(connection, self.request_id, images)
        )

    def _blocked_count(self) -> int:
        return sum(map(len, self.blocked.values()))

    async def _others_wait(self, busy: set[str]) -> bool:
        started = time.monotonic()
        if started < self._probe_at:
            return False
        found = await asyncio.to_thread(self._probe, busy)
        took = time.monotonic() - started
        if not found:
            self._probe_at = started + max(PROBE_SECONDS, took / PROBE_SHARE)
        return found

    def _probe(self, busy: set[str]) -> bool:
        with self.context.adapters.database.read() as connection:
            return waiting.others_wait(connection, self.request_id, now=now(), other_than=busy)
