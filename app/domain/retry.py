"""When to try again, and how long to wait: every rule of it, as values and pure functions.

To change how anything waits or repeats, change it here and nowhere else. Calls are repeated by
`app/retrying.py`; images and webhooks wait in the database, hosts are asked by
`hosts/`. Celery reconnects to its broker by rules of its own (`broker/hints.py`).
"""

from dataclasses import dataclass, replace

from app.domain.errors import ImageError


@dataclass(frozen=True, slots=True)
class Retry:
    """A rule for trying again.

    Attributes:
        pauses: seconds before the second attempt, the third and so on; the last one repeats.
        factor: each repeat of the last pause is this many times as long as the one before.
        longest_seconds: no pause is longer.
        attempts: attempts in all, the first one included; None: no limit.
        patience_seconds: no attempt begins later than this after the first failure; None: no limit.
        sooner, later: the shares of a pause by which chance shortens and lengthens it at most, so
            that what failed together does not come back together.
        asked_seconds_max: the longest Retry-After of the other side that is honoured.
    """

    pauses: tuple[float, ...] = (0.0,)
    factor: float = 1.0
    longest_seconds: float = float("inf")
    attempts: int | None = None
    patience_seconds: float | None = None
    sooner: float = 0.0
    later: float = 0.0
    asked_seconds_max: float = 0.0

    def is_last(self, attempt: int) -> bool:
        """True when no other attempt follows this one, counted from 1."""
        return self.attempts is not None and attempt >= self.attempts

    def pause(
        self,
        attempt: int,
        *,
        waited_seconds: float = 0.0,
        asked_seconds: float | None = None,
        chance: float = 0.0,
    ) -> float | None:
        """Seconds from the end of a failed attempt to the next one; None: there is no next one.

        Args:
            attempt: number of the attempt that failed, from 1.
            waited_seconds: since the first failure.
            asked_seconds: the Retry-After of the other side, where it sent one.
            chance: a random number in [0, 1).
        """
        if self.is_last(attempt):
            return None
        if self.patience_seconds is not None and waited_seconds > self.patience_seconds:
            return None
        pause = self.backoff(attempt)
        pause *= 1 - self.sooner + chance * (self.sooner + self.later)
        return max(pause, min(asked_seconds or 0.0, self.asked_seconds_max))

    def backoff(self, attempt: int) -> float:
        """Seconds behind this attempt, from 1, by the rule's pauses alone."""
        repeats = attempt - len(self.pauses)
        if repeats <= 0:
            pause = self.pauses[attempt - 1]
        else:
            # Sixteen doublings are a day for one second; more would overflow some time.
            pause = self.pauses[-1] * self.factor ** min(repeats, 16)
        return min(pause, self.longest_seconds)


# An image: 0.5 s, 2 s, 8 s ... as often as FETCH_MAX_ATTEMPTS. A hiccup is over at the second try,
# a restart of the host by the fourth.
IMAGE = Retry((0.5,), factor=4.0, sooner=0.25, later=0.25, asked_seconds_max=300.0)

# A webhook: the schedule that the Standard Webhooks specification recommends, 10 attempts in about
# 3 days.
WEBHOOK = Retry(
    (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400),
    attempts=10,
    later=0.1,
    asked_seconds_max=86_400.0,
)

# A receiver of webhooks that does not answer is left alone for 5, 10, 20 ... 60 s, then one message
# tries it.
RECEIVER = Retry((5.0,), factor=2.0, longest_seconds=60.0)

# The store, by a worker with the result in hand. Waiting costs a place in the pipe; giving up would
# cost the hosts another download, and soon the image.
STORE = Retry((1.0,), patience_seconds=60.0)
# Inside one call to S3, by its clients, which choose the pauses: covers a dropped keep-alive
# connection and a short hiccup. Puts of obstore also end by the clock.
STORE_CALL_ATTEMPTS = 3
STORE_PUT_PATIENCE_SECONDS = 20.0

# The database, by a worker: until it is back, or the grace of a stop is over.
DATABASE = Retry((1.0,))
# SQLite's one writer, by whoever comes next; also the time that SQLite itself waits for it.
SQLITE_BUSY = Retry((0.01,), patience_seconds=30.0)

# A codec child that could not be started.
CODEC_START = Retry((1.0,))
# A picture whose child died. The kernel's OOM killer may have ended the child; a picture that
# brings decoders down does so once more, and fails.
CODEC_CRASH = Retry(attempts=2)

# An ingest; its lease is the pause. A file that was accepted and yet cannot be written this often
# meets a bug of ours, not bad luck.
INGEST = Retry(attempts=5)
# An image whose worker went silent; the lease is the pause. Never less than FETCH_MAX_ATTEMPTS may
# be: most images that a killed worker held had not even begun, so its silence says little about
# them, and a machine that dies a few times in a row must not cost an image.
SILENT_WORKER = Retry(attempts=20)

# What runs as long as its process does and ended by a bug or an outage: the exchange about hosts,
# and the worker process of `serve`.
STANDING = Retry((1.0,))

# What is read of a Retry-After. Ten years, so that a wish of 10^20 seconds stays a number that can
# be added to a date; how much of a wish is honoured, the rule says of whoever waits.
RETRY_AFTER_READ_SECONDS_MAX = 10 * 365 * 86_400.0

# A service or a database that a command of ours follows; restarted, it is back within this time.
SERVICE_PATIENCE_SECONDS = 60.0

# The Retry-After of our own answers. Soon: long enough for a restarted database or store
# to be back, short enough for a waiting script. Later: when others have ended their work, which
# nobody knows; often enough for a script that waits for its turn.
CALL_AGAIN_SOON_SECONDS = 5
CALL_AGAIN_LATER_SECONDS = 15
# The `retry:` field of event streams: how long browsers wait before they connect again.
RECONNECT_MILLISECONDS = 2_000

# A host that nothing is known of is asked this often a second at first, by all workers together.
# The rate doubles in steps of HOST_STEP_SECONDS as long as answers come back; at HOST_FREE_RATE and
# after HOST_FREE_SERVED good answers there is no limit in sight. What keeps a host that allows 50
# from being asked for many more is how few may be on their way, see HOST_FIRST_CONTACT.
HOST_START_RATE = 20.0
HOST_STEP_SECONDS = 0.1
HOST_FREE_RATE = 400.0
HOST_FREE_SERVED = 120
HOST_MIN_RATE = 0.2
# The most that a host is asked which refused before it had served anything.
HOST_CAREFUL_RATE = 20.0
# Requests on their way during that slow start: HOST_FIRST_CONTACT, and one more for every
# HOST_SERVED_PER_OUTSTANDING answers. A request without an answer for HOST_OUTSTANDING_SECONDS no
# longer counts, as its worker may have died.
HOST_FIRST_CONTACT = 10
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
HOST_PAUSE = Retry((1.0,), factor=2.0, longest_seconds=60.0)
# One image at a time tries a host that does not answer, as an image would: 0.5, 2, 8 ... 60 s.
HOST_TRY = Retry(IMAGE.pauses, factor=IMAGE.factor, longest_seconds=60.0)
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
    if not error.retryable:
        return None
    rule = replace(IMAGE, attempts=max_attempts)
    return rule.pause(attempt, asked_seconds=error.retry_after_seconds, chance=chance)


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
    if status_code == 410:
        return None
    return WEBHOOK.pause(attempt, asked_seconds=retry_after_seconds, chance=chance)
