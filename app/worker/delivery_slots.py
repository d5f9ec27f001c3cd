"""How many webhooks one worker process may have on their way, and to whom.

The bounds are each process's own: to count what is on its way elsewhere would cost every claim a
query, and who starts more workers wants more to be sent. Pauses are shared by all workers, see
`db/silent_receivers.py`.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable

from app.db.receivers import DueReceiver, Receiver

DELIVERIES_MAX = 64
DELIVERIES_PER_OWNER = 24
DELIVERIES_PER_HOST = 16
DELIVERIES_PER_RECEIVER = 8
# What the look finds due may use this much of all slots and of an owner's. The rest is for
# messages that were just written, so that they go out at once beside any number of old ones.
SHARE_OF_DUE = 0.75

# What is counted: an owner, a host, or the two together.
_Key = tuple[str | None, str | None]


class DeliverySlots:
    """Who is being sent to by this process."""

    def __init__(self, counts: Counter[_Key] | None = None) -> None:
        self._counts = Counter[_Key]() if counts is None else counts

    @property
    def taken(self) -> int:
        """Webhooks on their way."""
        return self._counts[None, None]

    def is_free(self, receiver: Receiver, *, share: float = 1.0) -> bool:
        """True when one more may be sent to this receiver.

        Args:
            share: how much of all slots and of its owner's may be in use.
        """
        owner, host = receiver
        return (
            self.taken < DELIVERIES_MAX * share
            and self._counts[owner, None] < DELIVERIES_PER_OWNER * share
            and self._counts[None, host] < DELIVERIES_PER_HOST
            and self._counts[owner, host] < DELIVERIES_PER_RECEIVER
        )

    def take(self, receiver: Receiver) -> None:
        """Note that a webhook is on its way to this receiver."""
        self._counts.update(_keys(receiver))

    def give_back(self, receiver: Receiver) -> None:
        """Note that it has come to its end."""
        self._counts.subtract(_keys(receiver))
        # Drops the zeros: receivers come and go as long as the process lives.
        self._counts = +self._counts

    def share_out(self, due: Iterable[DueReceiver]) -> Counter[Receiver]:
        """How many to send to each of these receivers; takes nothing yet.

        Owners take turns, those with the fewest on their way first, and so do the receivers of
        each, in the order given. One that did not answer is tried by a single message.
        """
        waiting: defaultdict[str, deque[DueReceiver]] = defaultdict(deque)
        for each in due:
            waiting[each.receiver.owner].append(each)
        planned = DeliverySlots(self._counts.copy())
        wanted = Counter[Receiver]()
        owners = sorted(waiting, key=lambda owner: self._counts[owner, None])
        while owners:
            for owner in owners:
                chosen = planned._next(waiting[owner])
                if chosen is not None:
                    planned.take(chosen.receiver)
                    wanted[chosen.receiver] += 1
                    if chosen.silences == 0:
                        waiting[owner].append(chosen)
            owners = [owner for owner in owners if waiting[owner]]
        return wanted

    def _next(self, waiting: deque[DueReceiver]) -> DueReceiver | None:
        while waiting:
            first = waiting.popleft()
            if self.is_free(first.receiver, share=SHARE_OF_DUE):
                return first
        return None


def _keys(receiver: Receiver) -> tuple[_Key, ...]:
    owner, host = receiver
    return (None, None), (owner, None), (None, host), (owner, host)
