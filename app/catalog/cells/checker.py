"""Judging single addresses, quickly for the few hosts of a catalogue."""

import ada_url

from app.catalog.cells.complaints import REMEDY, host_complaint, text_complaint
from app.catalog.cells.urls import MAX_URL_CHARS, origin_of, user_of

# "http://http://host/a.jpg": the second scheme is no host.
_SCHEMES = frozenset({"http", "https", "http:", "https:"})


class UrlChecker:
    """Judges single addresses and remembers which hosts it has found to be valid.

    Only scheme and host can make an address invalid (path, query and fragment cannot), and a
    catalogue has few hosts, so that the parser is asked once per host and not once per URL.
    """

    # A file of strangers may name millions of hosts; what is remembered must not grow with them.
    _MAX_KNOWN = 10_000

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def complaint(self, url: str, *, is_odd: bool) -> str | None:
        """Why an address by itself, without separators around it, is none to fetch.

        Args:
            is_odd: whether `may_be_odd` says so of the cell; else its text is not looked at.
        """
        if len(url) > MAX_URL_CHARS:
            return (
                f"The address is longer than {MAX_URL_CHARS:,} characters. If these are several "
                f"addresses: {REMEDY}"
            )
        if not self.is_valid_origin(origin_of(url)):
            return host_complaint(url)
        return text_complaint(url) if is_odd else None

    def is_valid_origin(self, origin: str) -> bool:
        """Tell whether `http(s)://host[:port]` is one that browsers accept (WHATWG).

        One with a user name is none: the fetch sends no password of an address.
        """
        known = self._known.get(origin)
        if known is None:
            host = origin.partition("://")[2]
            known = (
                bool(host)
                and not user_of(host)
                and host.lower() not in _SCHEMES
                and ada_url.check_url(origin)
            )
            if len(self._known) < self._MAX_KNOWN:
                self._known[origin] = known
        return known
