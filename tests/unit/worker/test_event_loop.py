"""The worker's loop lets events gather only while something else waits longer."""

import asyncio
import os
import threading
import time
from contextlib import closing

import pytest

from app.worker.process.event_loop import GATHER_SECONDS, as_batch_work, gathering_loop

EVENTS = 100
APART_SECONDS = GATHER_SECONDS / 10


def looks_for_events(backlog_seconds: float) -> int:
    """How often the loop looks at its sockets while a thread hands it EVENTS, one at a time."""
    looks = 0
    seen: list[int] = []

    def asked() -> float:
        nonlocal looks
        looks += 1
        return backlog_seconds

    with closing(gathering_loop(asked)) as loop:

        def hand_over() -> None:
            for number in range(EVENTS):
                loop.call_soon_threadsafe(seen.append, number)
                time.sleep(APART_SECONDS)
            loop.call_soon_threadsafe(loop.stop)

        thread = threading.Thread(target=hand_over)
        loop.call_soon(thread.start)
        loop.run_forever()
        thread.join()
    assert seen == list(range(EVENTS))
    return looks


def test_with_a_backlog_the_loop_wakes_up_for_several_events_at_once() -> None:
    assert looks_for_events(backlog_seconds=1) < EVENTS / 2


def test_without_a_backlog_it_never_pauses() -> None:
    async def answers() -> float:
        began = time.perf_counter()
        for _ in range(EVENTS):
            await asyncio.to_thread(int)
        return time.perf_counter() - began

    def seconds(backlog_seconds: float) -> float:
        with closing(gathering_loop(lambda: backlog_seconds)) as loop:
            return loop.run_until_complete(answers())

    with_backlog = seconds(1)
    assert with_backlog >= EVENTS * GATHER_SECONDS
    assert seconds(0) < with_backlog


def test_a_timer_that_is_due_sooner_is_not_kept_waiting() -> None:
    asked: list[None] = []

    def backlog() -> float:
        asked.append(None)
        return 1

    with closing(gathering_loop(backlog)) as loop:
        loop.run_until_complete(asyncio.sleep(GATHER_SECONDS / 3))
    assert not asked


def test_a_later_timer_is_as_punctual_as_ever() -> None:
    with closing(gathering_loop(lambda: 1)) as loop:
        began = time.perf_counter()
        loop.run_until_complete(asyncio.sleep(10 * GATHER_SECONDS))
        # Never early; how late depends on the machine.
        assert time.perf_counter() - began >= 9.9 * GATHER_SECONDS


def test_batch_work_holds_for_the_thread_and_what_it_starts() -> None:
    seen: list[int] = []

    def inner() -> None:
        seen.append(os.sched_getscheduler(0))

    def outer() -> None:
        as_batch_work()
        seen.append(os.sched_getscheduler(0))
        started = threading.Thread(target=inner)
        started.start()
        started.join()

    thread = threading.Thread(target=outer)
    thread.start()
    thread.join()
    assert seen == [os.SCHED_BATCH, os.SCHED_BATCH]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_batch_work_that_is_not_allowed_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    as_batch_work()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
