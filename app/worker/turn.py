"""A lane's turn on one request: claim, fetch, compress, store, record, until its time is over."""

import asyncio
import time
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from app.db import queue, requests, reuse, waiting
from app.db.outcomes import Outcome
from app.domain.errors import DatabaseUnavailable
from app.domain.options import ProcessingOptions
from app.domain.statuses import RequestStatus
from app.services.adapters import now
from app.services.finish import announce
from app.services.record import record_outcomes
from app.worker.attempt import process_image
from app.worker.claims import Claims
from app.worker.context import WorkerContext
from app.worker.turn_log import TurnLog
from app.worker.under_way import Done, UnderWay

log = structlog.get_logger(__name__)

TURN_SECONDS = 10.0
# Results written in one transaction, and how long the first of them may wait for it.
RECORD_BATCH = 128
RECORD_AFTER_SECONDS = 0.25
# How soon the window is looked at where nothing is done meanwhile: hosts that make everybody wait
# show before their first answer.
LOOK_SECONDS = 0.05
# How soon a cancelled request is noticed.
CHECK_SECONDS = 0.5


async def take_turn(context: WorkerContext, request_id: str) -> None:
    """Work on a request until it has nothing to claim or its time slice is over.

    A second turn on the same request in the same process ends at once: one has the whole pipe.
    """
    if context.draining or request_id in context.turns:
        return
    context.turns.add(request_id)
    again = False
    try:
        begun = await context.in_transaction(lambda connection: _begin(connection, request_id))
        if begun is None:
            return
        options, scope = begun
        again = await Turn(context, request_id, options, scope).run()
    finally:
        context.turns.discard(request_id)
    if again:
        await asyncio.to_thread(context.adapters.hints.send, "request.work", request_id)


def _begin(
    connection: Connection, request_id: str
) -> tuple[ProcessingOptions, reuse.Scope | None] | None:
    row = requests.get(connection, request_id)
    if row is None or row.status != RequestStatus.PROCESSING:
        return None
    options = ProcessingOptions.model_validate(row.options)
    return options, reuse.scope(connection, row, fresh=options.fresh)


class Turn:
    """The state of one turn; `run` is its whole life."""

    def __init__(
        self,
        context: WorkerContext,
        request_id: str,
        options: ProcessingOptions,
        scope: reuse.Scope | None,
    ) -> None:
        self.context = context
        self.adapters = context.adapters
        self.request_id = request_id
        self.options = options
        self.claims = Claims(context, request_id, scope)
        self.log = TurnLog(context.adapters.metrics.work, request_id)
        self.under_way = UnderWay()
        self.outcomes: list[Outcome] = []
        self.oldest_outcome_at = 0.0
        self.slice_ends = time.monotonic() + TURN_SECONDS
        self.checked_at = self.renewed_at = time.monotonic()
        self.open = True
        self.ingesting = True

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
        stopping = self.context.draining or self._time_is_over()
        if stopping:
            await self._give_back_claims()
        else:
            await self.claims.fill(room=self._room())
            self._start()
        if len(self.under_way):
            done = await self.under_way.done(within_seconds=LOOK_SECONDS)
            # While those that are done still count as running: was the window full until now?
            self.context.window.adjust()
            self._collect(done)
            await self._record(everything=False)
            return True
        await self._record(everything=True)
        return False if stopping else await self._pause()

    def _time_is_over(self) -> bool:
        # While a lane of this process is free, nobody waits for this one: going on saves the
        # pipe from running dry for nothing.
        return time.monotonic() > self.slice_ends and len(self.context.turns) >= self.context.lanes

    def _room(self) -> int:
        return self.context.window.room(
            self.request_id, turns=len(self.context.turns), running_in_turn=len(self.under_way)
        )

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
        held = [*self.claims.all(), *self.under_way.images()]
        if not held:
            return
        until = now() + timedelta(seconds=lease_seconds)
        ours = await self.context.in_transaction(
            lambda connection: queue.renew(connection, self.request_id, held, lease_until=until)
        )
        # A worker that was frozen past its lease finds here that others went on without it.
        self.claims.drop(keep=ours)
        self.under_way.cancel(lambda image: image.seq not in ours)

    def _start(self) -> None:
        for image in self.claims.take(self._room()):
            self.context.window.running += 1
            self.under_way.start(process_image(self.context, image, self.options), image)

    def _collect(self, done: list[Done]) -> None:
        for task, image in done:
            self.context.window.running -= 1
            self.context.leave_host(image.host)
            if task.cancelled():
                continue
            if not self.outcomes:
                self.oldest_outcome_at = time.monotonic()
            outcome = task.result()
            self.outcomes.append(outcome)
            self.log.add(image, outcome)

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
        """Nothing is in flight: wait for the next due image, or end the turn."""
        if len(self.claims):
            # Another request of this process has all the connections that the host may have.
            await asyncio.sleep(0.05)
            return True
        due = await self.context.in_transaction(
            lambda connection: waiting.next_due(connection, self.request_id)
        )
        wait = (due - now()).total_seconds() if due is not None else CHECK_SECONDS
        if wait > TURN_SECONDS or (due is None and not self.ingesting):
            return False
        await asyncio.sleep(min(max(wait, 0.01), CHECK_SECONDS))
        self.claims.look_soon()
        return True

    async def _give_back_claims(self) -> None:
        if len(self.claims):
            unstarted = self.claims.all()
            self.claims.drop(keep=set())
            await self.context.in_transaction(
                lambda connection: queue.give_back(connection, self.request_id, unstarted)
            )

    async def _let_go(self) -> None:
        """Stop what still runs, record what is done, and give the rest back uncounted."""
        held = [*self.claims.all(), *self.under_way.images()]
        self._collect(await self.under_way.stop())
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
