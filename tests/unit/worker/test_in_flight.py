"""Attempts that are under way are handed back once each, as they end or are stopped."""

import asyncio
from collections.abc import Coroutine
from typing import cast

import pytest

from app.db.queue import ClaimedImage, Outcome
from app.worker.hosts.permit import Permit
from app.worker.in_flight import InFlight
from app.worker.slots import Slot, Slots

SOON, LONG = 0.01, 60.0


def slot(seq: int) -> Slot:
    image = ClaimedImage("request", seq, 1, 1, "http://a.test/1.jpg", "a.test:80", seq, 1)
    # Whoever hands slots out is not asked here.
    return Slot(cast(Slots, None), image, Permit("a.test:80", sent_at=0.0))


async def attempt(seq: int, seconds: float = 0.0) -> Outcome:
    await asyncio.sleep(seconds)
    return Outcome(seq=seq, fence=1, host="", status="completed")


async def broken() -> Outcome:
    raise RuntimeError("a bug")


def start(in_flight: InFlight, *attempts: Coroutine[None, None, Outcome]) -> None:
    for seq, one in enumerate(attempts):
        in_flight.start(one, slot(seq))


def test_each_is_handed_back_once_with_its_image() -> None:
    async def run() -> None:
        in_flight = InFlight()
        start(in_flight, attempt(0), attempt(1), attempt(2, LONG))
        assert [one.seq for one in in_flight.images()] == [0, 1, 2]
        done = await in_flight.done(within_seconds=LONG)
        assert [(task.result().seq, one.image.seq) for task, one in done] == [(0, 0), (1, 1)]
        assert len(in_flight) == 1
        assert await in_flight.done(within_seconds=SOON) == []
        await in_flight.stop()

    asyncio.run(run())


def test_those_that_end_while_nobody_waits_are_there_at_the_next_question() -> None:
    async def run() -> None:
        in_flight = InFlight()
        start(in_flight, attempt(0))
        await asyncio.sleep(SOON)
        assert len(in_flight) == 1
        assert len(await in_flight.done(within_seconds=LONG)) == 1
        assert len(in_flight) == 0

    asyncio.run(run())


def test_a_stop_hands_back_the_done_and_the_stopped() -> None:
    async def run() -> None:
        in_flight = InFlight()
        start(in_flight, attempt(0), attempt(1, LONG))
        await asyncio.sleep(SOON)
        stopped = {one.image.seq: task.cancelled() for task, one in await in_flight.stop()}
        assert stopped == {0: False, 1: True}
        assert len(in_flight) == 0
        assert await in_flight.done(within_seconds=SOON) == []

    asyncio.run(run())


def test_only_the_chosen_are_cancelled() -> None:
    async def run() -> None:
        in_flight = InFlight()
        start(in_flight, attempt(0, LONG), attempt(1, LONG))
        in_flight.cancel(lambda one: one.seq == 1)
        [(task, cancelled)] = await in_flight.done(within_seconds=LONG)
        assert (task.cancelled(), cancelled.image.seq) == (True, 1)
        assert [one.seq for one in in_flight.images()] == [0]
        await in_flight.stop()

    asyncio.run(run())


def test_what_an_attempt_raises_comes_with_its_task() -> None:
    async def run() -> None:
        in_flight = InFlight()
        start(in_flight, broken())
        [(task, _)] = await in_flight.done(within_seconds=LONG)
        with pytest.raises(RuntimeError, match="a bug"):
            task.result()

    asyncio.run(run())


def test_a_wait_that_is_cancelled_loses_nothing() -> None:
    async def run() -> None:
        in_flight = InFlight()
        start(in_flight, attempt(0, SOON))
        waiting = asyncio.create_task(in_flight.done(within_seconds=LONG))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert [one.image.seq for _, one in await in_flight.done(within_seconds=LONG)] == [0]

    asyncio.run(run())
