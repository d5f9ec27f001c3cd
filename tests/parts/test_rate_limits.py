"""The limits that a host of the tests can set, by a clock that the test holds."""

import pytest

from tests.parts.rate_limits import LIMITERS, Ban, Limiter


def allowed(limiter: Limiter, moments: list[float]) -> int:
    return sum(limiter.allows(moment) for moment in moments)


@pytest.mark.parametrize("window", LIMITERS)
def test_a_burst_gets_as_much_as_the_rate(window: str) -> None:
    assert allowed(LIMITERS[window](5), [10.0] * 8) == 5


@pytest.mark.parametrize("window", LIMITERS)
def test_an_even_pace_at_the_rate_is_never_refused(window: str) -> None:
    moments = [10 + number / 8 for number in range(80)]
    assert allowed(LIMITERS[window](8), moments) == 80


def test_a_fixed_window_serves_twice_the_rate_around_its_turn() -> None:
    assert allowed(LIMITERS["fixed"](5), [10.9] * 8 + [11.1] * 8) == 10


def test_a_sliding_window_knows_no_turn() -> None:
    limiter = LIMITERS["sliding"](5)
    assert allowed(limiter, [10.9] * 8 + [11.1] * 8) == 5
    assert allowed(limiter, [11.9] * 8) == 5


def test_a_bucket_fills_bit_by_bit_and_never_beyond_its_size() -> None:
    limiter = LIMITERS["bucket"](5)
    assert allowed(limiter, [10.0] * 8) == 5
    assert allowed(limiter, [10.45] * 8) == 2
    assert allowed(limiter, [99.0] * 8) == 5


def test_a_ban_begins_with_so_many_refusals_in_a_second_and_ends() -> None:
    ban = Ban(10, over=3)
    for moment in (1.0, 1.6, 2.2):
        ban.refused(moment)
    assert not ban.holds(2.2)
    ban.refused(2.3)
    assert ban.holds(2.3)
    assert ban.holds(12.2)
    assert not ban.holds(12.3)
    assert ban.count == 1
