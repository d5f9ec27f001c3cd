"""When to try again, and how long to wait: values, and pure functions from what went wrong."""

from app.domain.errors import ImageError

# 0.5 s, 2 s, 8 s ...: a hiccup is over at the second try, a restart of the host by the fourth.
IMAGE_BACKOFF_BASE_SECONDS = 0.5
IMAGE_BACKOFF_FACTOR = 4.0
RETRY_AFTER_CAP_SECONDS = 300.0

# A host that nothing is known of is asked this often a second at first, by all workers together.
# The rate doubles in steps of HOST_STEP_SECONDS as long as answers come back; at HOST_FREE_RATE and
# after HOST_FREE_SERVED good answers there is no limit in sight. What keeps a host that allows 50
# from being asked for many more is how few may be on their way, see HOST_FIRST_CONTACT.
HOST_START_RATE = 100.0
HOST_STEP_SECONDS = 0.1
HOST_FREE_RATE = 400.0
HOST_FREE_SERVED = 120
HOST_MIN_RATE = 0.2
# The most that a host is asked which refused before it had served anything.
HOST_CAREFUL_RATE = 20.0
# Requests on their way during that slow start: this many, and one more for each so many answers.
# Those without an answer for so long no longer count, as their worker may have died.
HOST_FIRST_CONTACT = 18
HOST_SERVED_PER_OUTSTANDING = 4
HOST_OUTSTANDING_SECONDS = 10.0
# Permits for requests are granted for so long ahead; while the limit is not known for less, and few
# at a time, so that a refusal reaches the other workers before they have sent many more.
HOST_PERMITS_SECONDS = 0.25
HOST_LEARNING_SECONDS = 0.05
HOST_LEARNING_PERMITS = 8
# After a refusal the rate climbs by this share of the known limit a second to just below it, holds,
# and then creeps up to see whether the limit still holds. A limit that was found again where it had
# been is left alone for longer each time.
HOST_CLIMB = 0.5
HOST_BELOW_CEILING = 0.92
HOST_TOO_MUCH_AGAIN = 0.92
HOST_HOLD_SECONDS = 30.0
HOST_HOLD_MAX_SECONDS = 300.0
HOST_SAME_LIMIT = 0.15
HOST_CREEP = 0.01
HOST_CREEP_MIN = 0.2
HOST_LIMIT_GONE = 1.5
# A refusal that does not say for how long: 1, 2, 4 ... 60 s.
HOST_PAUSE_SECONDS = 1.0
HOST_PAUSE_MAX_SECONDS = 60.0
# 503 without Retry-After: this many in a row are a refusal. Refusals for longer than our patience,
# this many in a row, end all images of the host.
HOST_UNAVAILABLE_AFTER = 3
HOST_IMPATIENT_AFTER = 5
# Requests without any answer in a row, behind which one image at a time tries the host.
# It is not given up as long as it has answered anybody within HOST_SILENT_SECONDS.
HOST_SILENT_AFTER = 8
HOST_SILENT_SECONDS = 5.0
HOST_GIVEN_UP_PAUSE_SECONDS = 5.0
# A probe whose worker died is replaced after its time limit and this.
HOST_PROBE_SPARE_SECONDS = 5.0

# A clock that was set back by more than this takes the moments that were noted along.
CLOCK_STEP_SECONDS = 2.0

# The schedule that the Standard Webhooks specification recommends: 10 attempts in about 3 days.
WEBHOOK_SCHEDULE_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
WEBHOOK_RETRY_AFTER_CAP_SECONDS = 86_400.0
# A receiver that does not answer is left alone for 5, 10, 20 ... 60 s, then one message tries it.
RECEIVER_PAUSE_SECONDS = 5.0
RECEIVER_PAUSE_MAX_SECONDS = 60.0


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


def host_pause_seconds(refusals: int) -> float:
    """How long a host is left alone that refused without saying for how long.

    Args:
        refusals: in a row, from 1.
    """
    return min(HOST_PAUSE_SECONDS * 2.0 ** min(refusals - 1, 16), HOST_PAUSE_MAX_SECONDS)


def host_try_delay(tries: int) -> float:
    """Seconds until one image tries a host again that does not answer; `tries` from 1."""
    backoff = IMAGE_BACKOFF_BASE_SECONDS * IMAGE_BACKOFF_FACTOR ** min(tries - 1, 16)
    return min(backoff, HOST_PAUSE_MAX_SECONDS)


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


def receiver_pause_seconds(silences: int) -> float:
    """How long a receiver of webhooks is left alone that did not answer.

    Args:
        silences: in a row, from 1.
    """
    pause = RECEIVER_PAUSE_SECONDS * 2.0 ** min(silences - 1, 16)
    return min(pause, RECEIVER_PAUSE_MAX_SECONDS)
