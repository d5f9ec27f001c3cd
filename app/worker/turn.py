"""A lane's turn on one request: claim, fetch, compress, store, record, until its time is over."""

import asyncio
import time
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from app.adapters import now
from app.db import queue, requests
from app.db.images import reuse
from app.db.queue import Outcome, waiting
from app.domain.errors import DatabaseUnavailable
from app.domain.options import ProcessingOptions
from app.domain.statuses import RequestStatus
from app.domain.tasks import Task
from app.ending.finish import announce
from app.ending.record import record_outcomes
from app.worker.attempt import attempt
from app.worker.claims import Claims
from app.worker.context import WorkerContext
from app.worker.in_flight import Done, InFlight
from app.worker.turn_log import TurnLog

log = structlog.get_logger(__name__)

TURN_SECONDS = 10.0
# Results written in one transaction, and how long the first of them may wait for it.
RECORD_BATCH = 128
RECORD_AFTER_SECONDS = 0.25
# How soon the window is looked at where nothing is done meanwhile: hosts that make everybody wait
# show before their first answer.
LOOK_SECONDS = 0.05
# When all that is left waits for hosts for longer than a turn lasts, the turn ends until then. But
# somebody looks at the request this often: another worker may have died with images of a host
# that is well, and an operator may have made the service forget the host.
HELD_MAX_SECONDS = 30.0
# How soon a cancelled request is noticed.
CHECK_SECONDS = 0.5


async def take_turn(context: WorkerContext, request_id: str) -> None:
    """Work on a request until it has nothing to claim or its time slice is over.

    A second turn on the same request in the same process ends at once: one has the whole pipe.
    """
    if context.draining or not context.adapters.disk.takes_work():
        return
    again = False
    with context.slots.turn(request_id) as ours:
        if not ours:
            return
        begun = await context.in_transaction(lambda connection: _begin(connection, request_id))
        if begun is not None:
            again = await Turn(context, request_id, begun).run()
    if again:
        await asyncio.to_thread(context.adapters.hints.send, Task.WORK, request_id)


class _Begun(NamedTuple):
    options: ProcessingOptions
    places: int
    ingesting: bool
    scope: reuse.Scope | None


def _begin(connection: Connection, request_id: str) -> _Begun | None:
    row = requests.get(connection, request_id)
    if row is None or row.status != RequestStatus.PROCESSING:
        return None
    options = ProcessingOptions.model_validate(row.options)
    scope = reuse.scope(connection, row, fresh=options.fresh)
    return _Begun(options, row.places, row.ingested_at is None, scope)


class Turn:
    """The state of one turn; `run` is its whole life."""

    def __init__(self, context: WorkerContext, request_id: str, begun: _Begun) -> None:
        self.context = context
        self.adapters = context.adapters
        self.request_id = request_id
        self.options = begun.options
        self.claims = Claims(context, request_id, places=begun.places, scope=begun.scope)
        self.log = TurnLog(context.adapters.metrics.work, request_id)
        self.in_flight = InFlight()
        self.outcomes: list[Outcome] = []
        self.oldest_outcome_at = 0.0
        self.slice_ends = time.monotonic() + TURN_SECONDS
        self.checked_at = self.renewed_at = time.monotonic()
        self.open = True
        self.ingesting = begun.ingesting

    async def run(self) -> bool:
        """Work; returns True when the request should come back to the queue's tail."""
        try:
            while await self._step():
                pass
            return self.open and not self.context.draining and self._time_is_over()
        except DatabaseUnavailable:
            # Only at the end of a stop's grace: the leases will bring the images back.
            log.warning("turn_abandoned", request_id=self.request_id)
            return False
        finally:
            await self._let_go()
            self.log.end()

    async def _step(self) -> bool:
        """One round of the loop; False when the turn is over."""
        await self._check()
        if not self.open or self.context.grace_is_over:
            return False
        full = not self.adapters.disk.takes_work()
        stopping = self.context.draining or self._time_is_over() or full
        if stopping:
            await self.claims.give_back()
        else:
            await self.claims.fill(room=self._room())
            self._start()
        if len(self.in_flight):
            done = await self.in_flight.done(within_seconds=LOOK_SECONDS)
            # While those that are done still count as running: was the window full until now?
            self.context.slots.window.adjust()
            self._collect(done)
            await self._record(everything=False)
            return True
        await self._record(everything=True)
        return False if stopping else await self._pause()

    def _time_is_over(self) -> bool:
        # While a lane of this process is free, nobody waits for this one: going on saves the
        # pipe from running dry for nothing.
        return (
            time.monotonic() > self.slice_ends
            and len(self.context.slots.turns) >= self.context.lanes
        )

    def _room(self) -> int:
        return self.context.slots.room(self.request_id)

    async def _check(self) -> None:
        """Notice a cancelled or deleted request; keep the leases alive."""
        moment = time.monotonic()
        if moment - self.checked_at >= CHECK_SECONDS:
            self.checked_at = moment
            row = await self.context.in_transaction(
                lambda connection: requests.get(connection, self.request_id)
            )
            self.open = row is not None and row.status == RequestStatus.PROCESSING
            self.ingesting = row is not None and row.ingested_at is None
        lease_seconds = self.adapters.settings.lease_seconds
        if moment - self.renewed_at >= lease_seconds / 3:
            self.renewed_at = moment
            await self._renew(lease_seconds)

    async def _renew(self, lease_seconds: float) -> None:
        held = [*self.claims.all(), *self.in_flight.images()]
        if not held:
            return
        until = now() + timedelta(seconds=lease_seconds)
        ours = await self.context.in_transaction(
            lambda connection: queue.renew(connection, self.request_id, held, lease_until=until)
        )
        # A worker that was frozen past its lease finds here that others went on without it.
        self.claims.drop(keep=ours)
        self.in_flight.cancel(lambda image: image.seq not in ours)

    def _start(self) -> None:
        for slot in self.claims.take(self._room()):
            self.in_flight.start(attempt(self.context, slot, self.options), slot)

    def _collect(self, done: list[Done]) -> None:
        for task, slot in done:
            slot.close()
            if task.cancelled():
                continue
            if not self.outcomes:
                self.oldest_outcome_at = time.monotonic()
            outcome = task.result()
            self.outcomes.append(outcome)
            self.log.add(slot.image, outcome)

    async def _record(self, *, everything: bool) -> None:
        waited = time.monotonic() - self.oldest_outcome_at
        due = everything or len(self.outcomes) >= RECORD_BATCH or waited >= RECORD_AFTER_SECONDS
        if not self.outcomes or not due:
            return
        batch, self.outcomes = self.outcomes, []

        def write(connection: Connection) -> list[str]:
            return record_outcomes(self.adapters, connection, self.request_id, batch)

        announced = await self.context.in_transaction(write)
        if announced:
            # In a thread, as a broker that is away may keep the sender for a second.
            await asyncio.to_thread(announce, self.adapters, announced)

    async def _pause(self) -> bool:
        """Nothing is in flight: wait for the next image that may be done, or end the turn."""
        hosts = self.context.slots.hosts
        if len(self.claims):
            # Their hosts give no permits now, or other requests have all their connections.
            await hosts.changed(within_seconds=LOOK_SECONDS)
            return True
        held = self.claims.held
        due = await self.context.in_transaction(
            lambda connection: waiting.next_due(connection, self.request_id, other_than=held)
        )
        wait = (due - now()).total_seconds() if due is not None else None
        if held:
            chance = hosts.next_chance(held)
            wait = chance if wait is None else min(wait, chance)
            if wait > TURN_SECONDS:
                await self._come_back(wait)
                return False
        elif wait is None:
            wait = CHECK_SECONDS
            if not self.ingesting:
                return False
        if wait > TURN_SECONDS:
            return False
        await asyncio.sleep(min(max(wait, 0.01), CHECK_SECONDS))
        self.claims.look_soon()
        return True

    async def _come_back(self, seconds: float) -> None:
        """Leave the lane to others until one of the hosts may be asked again."""
        if not self.ingesting:
            until = now() + timedelta(seconds=min(seconds, HELD_MAX_SECONDS))
            await self.context.in_transaction(
                lambda connection: requests.hold(connection, self.request_id, until=until)
            )
        self.context.come_back(self.request_id, min(seconds, HELD_MAX_SECONDS))

    async def _let_go(self) -> None:
        """Stop what still runs, record what is done, and give the rest back uncounted."""
        held = [*self.claims.all(), *self.in_flight.images()]
        self._collect(await self.in_flight.stop())
        if not self.open:
            return
        done = {outcome.seq for outcome in self.outcomes}
        rest = [image for image in held if image.seq not in done]
        try:
            await self._record(everything=True)
            if rest:
                await self.context.in_transaction(
                    lambda connection: queue.give_back(connection, self.request_id, rest)
                )
        except DatabaseUnavailable as error:
            log.warning("claims_left_to_their_leases", images=len(rest), error=str(error))
