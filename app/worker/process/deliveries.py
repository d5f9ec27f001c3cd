"""Webhooks on the worker's event loop, beside the lanes that work on requests.

A hint and the look for what is due both only begin deliveries; nothing that works on requests waits
for a receiver, and receivers wait for each other as little as `delivery_slots.py` can help it.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any

import structlog

from app.db.receivers import Receiver
from app.domain.errors import DatabaseUnavailable
from app.ending.deliver import deliver
from app.ending.receivers import due_receivers, find_due
from app.worker.context import WorkerContext

log = structlog.get_logger(__name__)

# A webhook whose hint was lost, or that waits for the end of a pause, is found within this.
LOOK_SECONDS = 1.0
# Between two looks while places become free, and how many times as long as a look took: with tens
# of thousands of receivers in the outbox, looking must not become the work.
LOOK_APART_SECONDS = 0.05
LOOK_APART_TIMES = 9


class Deliveries:
    """What this process sends; used from its event loop only.

    Args:
        context: the worker's; `places` bounds what is on its way at once.
    """

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._slots = context.delivery_slots
        self._sending: dict[str, asyncio.Task[Any]] = {}
        # Something was due that found no place, or may have more behind it.
        self._more = False
        self._look_now = asyncio.Event()

    def offer(self, delivery_id: str, receiver: Receiver) -> None:
        """Begin with a delivery that was just written, if there is a place; else it waits."""
        if self._slots.is_free(receiver):
            self._begin(delivery_id, receiver)
        else:
            self._more = True

    async def look_for_ever(self) -> None:
        """Begin with what is due, as places become free."""
        every = min(LOOK_SECONDS, self._context.adapters.settings.sweep_seconds)
        while True:
            began = time.perf_counter()
            try:
                await self._look()
            except DatabaseUnavailable as error:
                log.warning("deliveries_postponed", error=str(error))
            except Exception:
                # A bug in one look must not end all webhooks.
                log.exception("look_for_deliveries_failed")
            took = time.perf_counter() - began
            await asyncio.sleep(max(LOOK_APART_SECONDS, LOOK_APART_TIMES * took))
            with suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await self._look_now.wait()
            self._look_now.clear()

    def abandon(self) -> None:
        """The grace is over: a receiver that still thinks gets the same message again later."""
        for task in self._sending.values():
            task.cancel()

    async def _look(self) -> None:
        if self._context.draining:
            return
        adapters = self._context.adapters
        due = await asyncio.to_thread(due_receivers, adapters)
        self._more = bool(due)
        wanted = self._slots.share_out(due)
        if wanted:
            for delivery_id, receiver in await asyncio.to_thread(find_due, adapters, wanted):
                # A hint may have been quicker.
                if self._slots.is_free(receiver):
                    self._begin(delivery_id, receiver)

    def _begin(self, delivery_id: str, receiver: Receiver) -> None:
        if self._context.draining or delivery_id in self._sending:
            return
        self._slots.take(receiver)
        task = asyncio.create_task(self._deliver(delivery_id, receiver))
        self._sending[delivery_id] = task

    async def _deliver(self, delivery_id: str, receiver: Receiver) -> None:
        try:
            await deliver(self._context.adapters, delivery_id)
        except DatabaseUnavailable as error:
            # The lease ends, and whoever looks then sends it again.
            log.warning("delivery_interrupted", delivery_id=delivery_id, error=str(error))
        except Exception:
            log.exception("delivery_failed", delivery_id=delivery_id)
        finally:
            del self._sending[delivery_id]
            self._slots.give_back(receiver)
            if self._more:
                self._look_now.set()
