"""Counting the pages of file shares among the addresses of a file."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from app.catalog.cells.urls import host_of

_HOSTS_KEPT = 10_000


class SharePages:
    """Counts the addresses that are pages of shares, by service.

    Only addresses on hosts that have such pages are looked at one by one.

    Args:
        is_share_host: whether a host, a name in small letters without a port, has such pages.
        service_of: the service whose page an address is; None where it is none.
    """

    def __init__(
        self, is_share_host: Callable[[str], bool], service_of: Callable[[str], str | None]
    ) -> None:
        self.places: Counter[str] = Counter()
        self._service_of = service_of
        # The addresses of a file are on few hosts.
        self._has_pages = lru_cache(maxsize=_HOSTS_KEPT)(
            lambda origin: is_share_host(host_of(origin).partition(":")[0])
        )

    def add(self, urls: Sequence[str], origins: Collection[str]) -> None:
        """Count these.

        Args:
            origins: `http(s)://host[:port]` of each of them, or each distinct one.
        """
        beginnings = tuple(filter(self._has_pages, set(origins)))
        if not beginnings:
            return
        for url in urls:
            if url.startswith(beginnings):
                service = self._service_of(url)
                if service is not None:
                    self.places[service] += 1
