"""Counting addresses: places, distinct ones and hosts, whatever kind of file they are in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from app.catalog.cells.urls import host_of
from app.catalog.tally.distinct import DistinctCounter
from app.catalog.tally.share_pages import SharePages

MAX_HOSTS_SHOWN = 20
MAX_HOSTS_COUNTED = 10_000
# The same host by http and by https are two.
_MAX_ORIGINS_COUNTED = 2 * MAX_HOSTS_COUNTED


class AddressCounter:
    """Counts the addresses of usable rows. `first` is the first one of any row, "" before it.

    Args:
        shares: counts those of them that are pages of file shares; None where nobody asks.
    """

    def __init__(self, shares: SharePages | None = None) -> None:
        self.first = ""
        self._shares = shares
        self._urls = DistinctCounter()
        self._origins: Counter[str] = Counter()

    def add(self, urls: Sequence[str], origins: Mapping[str, int] | Sequence[str]) -> None:
        """Count these.

        Args:
            origins: what `Counter.update` takes: one of each, or how many there are of each.
        """
        if self._shares is not None:
            self._shares.add(urls, origins)
        self.note(urls)
        self._urls.add(urls)
        self._origins.update(origins)
        if len(self._origins) > 2 * _MAX_ORIGINS_COUNTED:
            # The first ones stay. Not at each new one, which would take a millisecond each time.
            kept = dict(islice(self._origins.items(), _MAX_ORIGINS_COUNTED))
            self._origins = Counter(kept)

    def note(self, urls: Sequence[str]) -> None:
        """See addresses without counting them."""
        if urls and not self.first:
            self.first = urls[0]

    @property
    def places(self) -> int:
        """How many addresses there are."""
        return self._urls.total

    def distinct(self) -> int:
        """How many different ones."""
        return self._urls.distinct()

    def hosts(self) -> tuple[list[tuple[str, int]], int]:
        """The most frequent hosts with their places, and how many hosts there are."""
        hosts: Counter[str] = Counter()
        for origin, count in islice(self._origins.items(), _MAX_ORIGINS_COUNTED):
            hosts[host_of(origin)] += count
        return hosts.most_common(MAX_HOSTS_SHOWN), min(len(hosts), MAX_HOSTS_COUNTED)
