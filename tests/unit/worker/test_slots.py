"""What a worker takes for an image comes back, whatever happens to the image."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Connection

from app.db.hosts import Exchanged
from app.db.queue import ClaimedImage
from app.domain.hosts.exchange import Grant, Policy
from app.worker.hosts import known as hosts_module
from app.worker.hosts.answers import Answer, Kind
from app.worker.hosts.known import Hosts
from app.worker.slots import STORING_MAX, Slot, Slots
from app.worker.window import Window

HOST = "cdn.test:443"
CONNECTIONS = 3


class Codecs:
    """Nothing to do."""

    processes, idle, waiting = 2, 2, 0


def slots_at(grant: Grant) -> Slots:
    """Slots whose host is always granted the same."""

    async def transact(_work: Callable[[Connection], Exchanged]) -> Exchanged:
        return Exchanged(now=1_000.0, grants={HOST: grant}, given_up=[])

    typed: Callable[[Any], Awaitable[Exchanged]] = transact
    hosts = Hosts(
        transact=typed,
        policy=lambda _: Policy(900, 4, 30),
        connections=lambda _: CONNECTIONS,
        given_up=lambda: None,
    )
    return Slots(Window(Codecs()), hosts)


def image(seq: int) -> ClaimedImage:
    return ClaimedImage("request", seq, 1, 1, f"https://cdn.test/{seq}.jpg", HOST, seq, 1)


async def known(slots: Slots) -> None:
    """Let the first exchange about the host happen."""
    assert slots.take(image(0)) is None
    exchanging = asyncio.create_task(slots.hosts.exchange_for_ever())
    await slots.hosts.changed(within_seconds=5)
    exchanging.cancel()


def test_a_host_has_only_as_many_downloads_as_connections() -> None:
    async def run() -> None:
        slots = slots_at(Grant(free=True))
        await known(slots)
        taken = [slots.take(image(n)) for n in range(CONNECTIONS + 2)]
        held = [slot for slot in taken if slot is not None]
        assert len(held) == CONNECTIONS
        # The host's place is free when the download is done, not when the image is.
        held[0].answered(Answer(Kind.GOOD))
        assert slots.take(image(9)) is not None
        assert slots.window.running == CONNECTIONS + 1

    asyncio.run(run())


def test_a_slot_gives_everything_back_once() -> None:
    async def run() -> None:
        slots = slots_at(Grant(free=True))
        await known(slots)
        slot = slots.take(image(1))
        assert isinstance(slot, Slot)
        slot.hold(1_000)
        slot.hold(400)
        assert (slots.window.held_bytes, slots.of_turn["request"]) == (400, 1)
        for _ in range(2):
            slot.close()
        assert (slots.window.held_bytes, slots.window.running) == (0, 0)
        assert slots.of_turn["request"] == 0
        assert sum(1 for n in range(9) if slots.take(image(n))) == CONNECTIONS

    asyncio.run(run())


def test_what_is_stored_has_left_the_window_and_a_full_store_holds_it_there() -> None:
    async def run() -> None:
        slots = slots_at(Grant(free=True))
        await known(slots)
        begun, release = [], asyncio.Event()

        async def store(slot: Slot) -> None:
            await slot.to_store()
            begun.append(slot)
            await release.wait()
            # One that fails is closed like any other.
            slot.close()

        tasks = []
        for n in range(STORING_MAX + 1):
            slot = slots.take(image(n))
            assert slot is not None
            slot.answered(Answer(Kind.GOOD))
            tasks.append(asyncio.create_task(store(slot)))
        await asyncio.sleep(0.01)
        assert (len(begun), slots.storing, slots.window.running) == (STORING_MAX, STORING_MAX, 1)
        release.set()
        await asyncio.gather(*tasks)
        assert (slots.storing, slots.window.running) == (0, 0)

    asyncio.run(run())


def test_permits_that_are_late_are_not_used() -> None:
    async def run() -> None:
        slots = slots_at(Grant(permits=4, delay=0.0, spacing=0.01, wait=5.0))
        await known(slots)
        await asyncio.sleep(4 * 0.01 + 2 * 0.15)
        assert slots.take(image(1)) is None

    asyncio.run(run())


def test_a_refusal_takes_the_permits_that_were_left() -> None:
    async def run() -> None:
        slots = slots_at(Grant(permits=5, spacing=0.0, wait=5.0))
        await known(slots)
        slot = slots.take(image(1))
        assert slot is not None
        slot.answered(Answer(Kind.REFUSED, 1.0, "Too many."))
        assert slots.take(image(2)) is None

    asyncio.run(run())


def test_a_host_that_is_paused_is_held_until_then() -> None:
    async def run() -> None:
        slots = slots_at(Grant(wait=30.0, held=True))
        await known(slots)
        assert slots.hosts.held() == {HOST}
        assert 29 < slots.hosts.next_chance([HOST]) <= 30
        assert not slots.hosts.is_silent(HOST)
        assert slots.hosts.states() == {"free": 0, "limited": 0, "held": 1}

    asyncio.run(run())


def test_idle_hosts_are_forgotten(monkeypatch: Any) -> None:
    async def run() -> None:
        monkeypatch.setattr(hosts_module, "FORGET_SECONDS", 0.0)
        monkeypatch.setattr(hosts_module, "FORGET_EVERY_SECONDS", 0.0)
        slots = slots_at(Grant(free=True))
        await known(slots)
        slot = slots.take(image(1))
        assert slot is not None
        slot.close()
        exchanging = asyncio.create_task(slots.hosts.exchange_for_ever())
        await asyncio.sleep(1.3)
        exchanging.cancel()
        assert slots.hosts.states() == {"free": 0, "limited": 0, "held": 0}

    asyncio.run(run())


def test_one_turn_has_a_request_in_a_worker() -> None:
    slots = slots_at(Grant(free=True))
    with slots.turn("request") as first, slots.turn("request") as second:
        assert (first, second) == (True, False)
    assert slots.turns == set()
