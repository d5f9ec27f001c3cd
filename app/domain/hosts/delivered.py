"""How much a host delivered: its good answers by when their requests were sent.

A host counts requests when they reach it. Answers come later, the farther it is the later, and
workers tell of theirs at different times; so the moment of sending decides which second they
belong to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Delivered:
    """Good answers in each slot of the last seconds, those of all workers together."""

    good: dict[int, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Slots) -> "Delivered":
        """As `to_json` gave it."""
        return cls(dict(value))

    def to_json(self) -> list[list[int]]:
        """Pairs of slot and good answers."""
        return [[at, good] for at, good in self.good.items()]

    def add(self, slots: Slots, *, needed_from: float | None) -> None:
        """Take in what a worker tells, and forget what is older than a few seconds.

        Args:
            needed_from: nothing behind this moment is forgotten; None: no moment matters.
        """
        for at, good in slots:
            self.good[at] = self.good.get(at, 0) + good
        oldest = max(self.good, default=0) - KEPT_SECONDS * SLOTS_A_SECOND
        if needed_from is not None:
            oldest = min(oldest, slot(needed_from))
        self.good = {at: good for at, good in self.good.items() if at >= oldest}

    def between(self, begin: float, end: float) -> int:
        """Good answers to requests that were sent behind `begin` and up to `end`."""
        first, last = slot(begin), slot(end)
        return sum(good for at, good in self.good.items() if first < at <= last)
