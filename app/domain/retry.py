"""When to try again: pure functions from (attempt, what went wrong) to a delay or None."""

from app.domain.errors import ImageError

# 0.5 s, 2 s, 8 s ...: a hiccup is over at the second try, a restart of the host by the fourth.
IMAGE_BACKOFF_BASE_SECONDS = 0.5
IMAGE_BACKOFF_FACTOR = 4.0
RETRY_AFTER_CAP_SECONDS = 300.0

# The schedule that the Standard Webhooks specification recommends: 10 attempts in about 3 days.
WEBHOOK_SCHEDULE_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
WEBHOOK_RETRY_AFTER_CAP_SECONDS = 86_400.0


def image_retry_delay(
    error: ImageError, *, attempt: int, max_attempts: int, chance: float
) -> float | None:
    """Seconds until the next attempt at an image, or None when this failure is final.

    Args:
        error: what ended the attempt.
        attempt: number of the attempt that failed, from 1.
        max_attempts: attempts allowed in all.
        chance: a random number in [0, 1); spreads the delay by a quarter both ways, so that the
            images of a host that was down do not come back all at once.
    """
    if not error.retryable or attempt >= max_attempts:
        return None
    backoff = IMAGE_BACKOFF_BASE_SECONDS * IMAGE_BACKOFF_FACTOR ** (attempt - 1)
    delay = backoff * (0.75 + chance / 2)
    if error.retry_after_seconds is not None:
        delay = max(delay, min(error.retry_after_seconds, RETRY_AFTER_CAP_SECONDS))
    return delay


def webhook_retry_delay(
    *, attempt: int, status_code: int | None, retry_after_seconds: float | None, chance: float
) -> float | None:
    """Seconds until a webhook is sent again, or None when it is given up.

    Args:
        attempt: number of the attempt that failed, from 1.
        status_code: what the receiver answered; 410 Gone means that it wants no more.
        retry_after_seconds: what the receiver asked for; honoured up to a day.
        chance: a random number in [0, 1); lengthens the delay by up to a tenth.
    Source: https://www.standardwebhooks.com, "Retry schedule".
    """
    if status_code == 410 or attempt > len(WEBHOOK_SCHEDULE_SECONDS):
        return None
    delay = WEBHOOK_SCHEDULE_SECONDS[attempt - 1] * (1 + chance / 10)
    if retry_after_seconds is not None:
        delay = max(delay, min(retry_after_seconds, WEBHOOK_RETRY_AFTER_CAP_SECONDS))
    return delay
