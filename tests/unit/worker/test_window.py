"""How many images may be in flight."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from app.worker import window as window_module
from app.worker.window import (
    BUFFERED_BYTES_MAX,
    IMAGES_MAX,
    IMAGES_MIN,
    OPENING,
    SLOW_MAX,
    SLOW_SECONDS,
    STEP,
    WATCHED_SECONDS,
    Window,
)


@dataclass
class Codecs:
    """What the window is told of the codecs at a moment."""

    processes: int = 2
    idle: int = 0
    waiting: int = 0


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(window_module.time, "monotonic", clock.monotonic)
    return clock


def test_turns_share_the_window(clock: Clock) -> None:
    window = Window(Codecs())
    assert window.room("a", turns=1, running_in_turn=0) == IMAGES_MIN
    assert window.room("a", turns=2, running_in_turn=3) == IMAGES_MIN // 2 - 3
    assert window.room("a", turns=1, running_in_turn=IMAGES_MIN + 5) == 0


def test_downloads_that_wait_for_their_host_do_not_fill_the_window(clock: Clock) -> None:
    window = Window(Codecs())
    with ExitStack() as in_flight:
        for seq in range(10):
            in_flight.enter_context(window.fetching("a", seq))
        assert window.room("a", turns=1, running_in_turn=10) == IMAGES_MIN - 10
        clock.seconds += SLOW_SECONDS + 0.1
        in_flight.enter_context(window.fetching("a", 99))
        assert window.room("a", turns=1, running_in_turn=11) == IMAGES_MIN - 1
        # Another request's turn has no slow ones of its own.
        assert window.room("b", turns=1, running_in_turn=1) == IMAGES_MIN - 1
    assert window.room("a", turns=1, running_in_turn=0) == IMAGES_MIN


def test_slow_downloads_are_bounded_all_the_same(clock: Clock) -> None:
    window = Window(Codecs())
    with ExitStack() as in_flight:
        for seq in range(SLOW_MAX + IMAGES_MIN):
            in_flight.enter_context(window.fetching("a", seq))
        clock.seconds += SLOW_SECONDS + 0.1
        assert window.room("a", turns=1, running_in_turn=SLOW_MAX + IMAGES_MIN) == 0


def test_nothing_starts_while_too_many_bytes_wait(clock: Clock) -> None:
    window = Window(Codecs())
    window.held_bytes = BUFFERED_BYTES_MAX + 1
    assert window.room("a", turns=1, running_in_turn=0) == 0


def test_slow_hosts_open_the_window_until_it_is_full_open(clock: Clock) -> None:
    codecs = Codecs()
    window = Window(codecs)
    sizes = []
    for _ in range(4):
        window.running, codecs.idle = window.size, 2
        window.adjust()
        clock.seconds += WATCHED_SECONDS
        window.adjust()
        sizes.append(window.size)
    assert sizes == sorted(sizes)
    assert sizes[0] >= 2 * IMAGES_MIN
    assert sizes[-1] == IMAGES_MAX


def test_pictures_that_always_wait_for_a_codec_close_the_window(clock: Clock) -> None:
    codecs = Codecs(waiting=5)
    window = Window(codecs)
    window.size = IMAGES_MAX
    for _ in range(100):
        clock.seconds += WATCHED_SECONDS
        window.adjust()
    assert window.size == IMAGES_MIN


def test_a_burst_that_is_worked_off_does_not_close_the_window(clock: Clock) -> None:
    codecs = Codecs()
    window = Window(codecs)
    window.size = IMAGES_MAX
    for waiting in (30, 20, 10, 3) * 10:
        clock.seconds += WATCHED_SECONDS / 4
        codecs.waiting = waiting
        window.adjust()
    # Judged at the start, when only the burst's head had been seen, and never again.
    assert window.size >= IMAGES_MAX - STEP


def test_idle_codecs_do_not_open_a_window_that_is_not_used(clock: Clock) -> None:
    window = Window(Codecs(idle=2))
    window.running = 3
    for _ in range(10):
        clock.seconds += WATCHED_SECONDS
        window.adjust()
    assert window.size == IMAGES_MIN


def test_the_window_is_judged_once_in_the_time_of_a_download(clock: Clock) -> None:
    codecs = Codecs(idle=2)
    window = Window(codecs)
    for seq in range(50):
        with window.fetching("a", seq):
            clock.seconds += 1.0
    window.adjust()
    window.running = window.size
    clock.seconds += 0.8
    window.adjust()
    assert window.size == IMAGES_MIN
    clock.seconds += 0.2
    window.adjust()
    assert window.size == min(OPENING * IMAGES_MIN, IMAGES_MAX)
