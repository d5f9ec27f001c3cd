"""The queue in `images`: claim, lease, fence, outcome.

Imports `images`, `hosts`, `models`, `dialect`.

`waiting` says which images wait, and `stalled` which requests have work that nobody is doing.
"""

from app.db.queue.claims import ClaimedImage, claim
from app.db.queue.end_waiting import cancel_waiting, fail_waiting
from app.db.queue.leases import expired, give_back, renew
from app.db.queue.outcomes import Outcome, write_outcomes
from app.db.queue.requeue import count_failed, requeue_cancelled, requeue_failed

__all__ = [
    "ClaimedImage",
    "Outcome",
    "cancel_waiting",
    "claim",
    "count_failed",
    "expired",
    "fail_waiting",
    "give_back",
    "renew",
    "requeue_cancelled",
    "requeue_failed",
    "write_outcomes",
]
