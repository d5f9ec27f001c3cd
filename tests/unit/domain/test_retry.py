import pytest
from annotated_types import Le

from app.config import Settings
from app.domain.errors import FetchTimeout, HttpStatusError, HttpStatusRetryable
from app.domain.retry import (
    RECEIVER,
    SILENT_WORKER,
    Retry,
    image_retry_delay,
    webhook_retry_delay,
)

MIDDLE = 0.5


def delay(error: Exception, attempt: int, *, max_attempts: int = 4, chance: float = MIDDLE):  # type: ignore[no-untyped-def]
    return image_retry_delay(error, attempt=attempt, max_attempts=max_attempts, chance=chance)  # type: ignore[arg-type]


def test_the_pause_grows_from_attempt_to_attempt() -> None:
    error = FetchTimeout("slow")
    assert [delay(error, attempt) for attempt in (1, 2, 3)] == [0.5, 2.0, 8.0]


def test_the_last_allowed_attempt_is_final() -> None:
    assert delay(FetchTimeout("slow"), 4) is None
    assert delay(FetchTimeout("slow"), 1, max_attempts=1) is None


def test_what_will_not_change_is_final_at_once() -> None:
    assert delay(HttpStatusError("404", http_status=404), 1) is None


def test_chance_spreads_the_pause_by_a_quarter() -> None:
    error = FetchTimeout("slow")
    assert (delay(error, 2, chance=0.0), delay(error, 2, chance=1.0)) == (1.5, 2.5)


@pytest.mark.parametrize(("asked", "waited"), [(0.1, 0.5), (7.0, 7.0), (86_400.0, 300.0)])
def test_a_host_s_wish_is_honoured_within_reason(asked: float, waited: float) -> None:
    error = HttpStatusRetryable("busy", http_status=429, retry_after_seconds=asked)
    assert delay(error, 1) == waited


def webhook(attempt: int, status: int | None = 500, *, after: float | None = None):  # type: ignore[no-untyped-def]
    return webhook_retry_delay(
        attempt=attempt, status_code=status, retry_after_seconds=after, chance=0.0
    )


def test_a_webhook_is_sent_ten_times_in_about_three_days() -> None:
    delays = [webhook(attempt) for attempt in range(1, 10)]
    assert delays == [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert webhook(10) is None
    assert 3 * 86_400 < sum(delays) < 3.5 * 86_400


def test_a_silent_receiver_is_left_alone_for_a_minute_at_most() -> None:
    pauses = [RECEIVER.backoff(silences) for silences in (1, 2, 3, 4, 5, 10_000)]
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_a_receiver_that_is_gone_gets_no_more() -> None:
    assert webhook(1, 410) is None
    assert webhook(1, None) == 5


@pytest.mark.parametrize(("after", "waited"), [(1, 5), (60, 60), (10**9, 86_400)])
def test_a_receiver_s_wish_is_honoured_up_to_a_day(after: float, waited: float) -> None:
    assert webhook(1, 503, after=after) == waited


def test_pauses_follow_their_list_and_then_grow_to_the_longest() -> None:
    rule = Retry((1.0, 5.0), factor=2.0, longest_seconds=30.0)
    assert [rule.pause(attempt) for attempt in range(1, 7)] == [1, 5, 10, 20, 30, 30]
    assert rule.pause(10**6) == 30


def test_no_attempt_follows_the_last_one_or_the_end_of_the_patience() -> None:
    assert [Retry(attempts=2).pause(attempt) for attempt in (1, 2)] == [0.0, None]
    patient = Retry((1.0,), patience_seconds=60.0)
    assert patient.pause(99, waited_seconds=60.0) == 1.0
    assert patient.pause(1, waited_seconds=60.1) is None


def test_who_asks_for_a_pause_gets_it_where_the_rule_says_so() -> None:
    assert Retry((1.0,)).pause(1, asked_seconds=50.0) == 1.0
    assert Retry((1.0,), asked_seconds_max=20.0).pause(1, asked_seconds=50.0) == 20.0


def test_silent_workers_count_no_less_than_attempts_may() -> None:
    bounds = Settings.model_fields["fetch_max_attempts"].metadata
    (most,) = (each.le for each in bounds if isinstance(each, Le))
    assert not SILENT_WORKER.is_last(most - 1)
