"""How much a host delivered: its good answers by when their requests were sent.

A host counts requests when they reach it. Answers come later, the farther it is the later, and
workers tell of theirs at different times; so the moment of sending decides which second they
belong to.
"""

from collections import Counter
from collections.abc import Iterable

# The length of a slot, and how long slots are kept behind the newest: a limit is estimated from the
# second before a refusal, and a slow host's refusal is known seconds after it was sent.
SLOTS_A_SECOND = 20
KEPT_SECONDS = 4

# (slot, good answers)
Slots = Iterable[tuple[int, int]]


def slot(sent_at: float) -> int:
    """The slot of a request.

    Args:
        sent_at: seconds since 1970.
    """
    return int(sent_at * SLOTS_A_SECOND)


class Delivered:
    """Good answers in each slot of the last seconds, those of all workers together."""

    __slots__ = ("_good",)

    def __init__(self, slots: Slots = ()) -> None:
        self._good: Counter[int] = Counter(dict(slots))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Delivered) and self._good == other._good

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def from_json(cls, value: list[list[int]]) -> "Delivered":
        """As `to_json` gave it."""
        return cls((at, good) for at, good in value)

    def to_json(self) -> list[list[int]]:
        """Pairs of slot and good answers."""
        return [[at, good] for at, good in self._good.items()]

    def add(self, slots: Slots) -> None:
        """Take in what a worker tells; what is older than a few seconds is forgotten."""
        for at, good in slots:
            self._good[at] += good
        oldest = max(self._good, default=0) - KEPT_SECONDS * SLOTS_A_SECOND
        for at in [at for at in self._good if at < oldest]:
            del self._good[at]

    def between(self, begin: float, end: float) -> int:
        """Good answers to requests that were sent behind `begin` and up to `end`."""
        first, last = slot(begin), slot(end)
        return sum(good for at, good in self._good.items() if first < at <= last)
