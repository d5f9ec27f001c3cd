"""How many images may be in flight."""

from contextlib import ExitStack

import pytest

from app.imaging.sandbox import CodecLimits, CodecPool
from app.services import flow
from app.services.flow import HELD_BYTES_MAX, IMAGES_MIN, SLOW_MAX, SLOW_SECONDS, Flow

LIMITS = CodecLimits(max_pixels=1, memory_bytes=1, cpu_seconds=1, wall_seconds=1)


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(flow.time, "monotonic", clock.monotonic)
    return clock


def test_turns_share_the_window(clock: Clock) -> None:
    window = Flow(CodecPool(1, LIMITS))
    assert window.room("a", turns=1, running_in_turn=0) == IMAGES_MIN
    assert window.room("a", turns=2, running_in_turn=3) == IMAGES_MIN // 2 - 3
    assert window.room("a", turns=1, running_in_turn=IMAGES_MIN + 5) == 0


def test_downloads_that_wait_for_their_host_do_not_fill_the_window(clock: Clock) -> None:
    window = Flow(CodecPool(1, LIMITS))
    with ExitStack() as under_way:
        for seq in range(10):
            under_way.enter_context(window.fetching("a", seq))
        assert window.room("a", turns=1, running_in_turn=10) == IMAGES_MIN - 10
        clock.seconds += SLOW_SECONDS + 0.1
        under_way.enter_context(window.fetching("a", 99))
        assert window.room("a", turns=1, running_in_turn=11) == IMAGES_MIN - 1
        # Another request's turn has no slow ones of its own.
        assert window.room("b", turns=1, running_in_turn=1) == IMAGES_MIN - 1
    assert window.room("a", turns=1, running_in_turn=0) == IMAGES_MIN


def test_slow_downloads_are_bounded_all_the_same(clock: Clock) -> None:
    window = Flow(CodecPool(1, LIMITS))
    with ExitStack() as under_way:
        for seq in range(SLOW_MAX + IMAGES_MIN):
            under_way.enter_context(window.fetching("a", seq))
        clock.seconds += SLOW_SECONDS + 0.1
        assert window.room("a", turns=1, running_in_turn=SLOW_MAX + IMAGES_MIN) == 0


def test_nothing_starts_while_too_many_bytes_wait(clock: Clock) -> None:
    window = Flow(CodecPool(1, LIMITS))
    window.held_bytes = HELD_BYTES_MAX + 1
    assert window.room("a", turns=1, running_in_turn=0) == 0
