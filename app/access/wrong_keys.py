"""A brake for whoever tries keys: their wrong ones are answered 429 for the rest of a minute."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from app.access.key_ring import digest_of
from app.domain.errors import TooManyWrongKeys

WINDOW_SECONDS = 60.0
# A program with an old key calls on with it; who tries many different ones is guessing, ...
DIFFERENT_KEYS = 10
# ... and who calls so often in one second is no program that waits for answers.
CALLS_IN_A_SECOND = 200
# Beyond this number the least recently seen caller is forgotten.
CLIENTS_KEPT = 10_000


@dataclass(slots=True)
class _Client:
    since: float
    digests: set[str] = field(default_factory=set)
    second: int = 0
    calls_in_second: int = 0
    is_guessing: bool = False

    def count(self, digest: str, *, second: int) -> None:
        """One more call."""
        if second != self.second:
            self.second, self.calls_in_second = second, 0
        self.calls_in_second += 1
        self.digests.add(digest)
        self.is_guessing = (
            len(self.digests) > DIFFERENT_KEYS or self.calls_in_second > CALLS_IN_A_SECOND
        )


class WrongKeys:
    """Counts the wrong keys of each client, in the memory of this process.

    It is asked about wrong keys only: behind a proxy all clients have one address, and nobody with
    a good key shall pay for the failures of another.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._clients: OrderedDict[str, _Client] = OrderedDict()

    def note(self, address: str, key: str) -> None:
        """Count one call with a wrong key.

        Raises:
            TooManyWrongKeys: there were too many; says when the next ones are looked at again.
        """
        moment = self._clock()
        name = _network_of(address)
        client = self._clients.get(name)
        if client is None or moment - client.since >= WINDOW_SECONDS:
            client = self._clients[name] = _Client(since=moment)
        self._clients.move_to_end(name)
        if len(self._clients) > CLIENTS_KEPT:
            self._clients.popitem(last=False)
        if not client.is_guessing:
            client.count(digest_of(key), second=int(moment))
        if client.is_guessing:
            wait = client.since + WINDOW_SECONDS - moment
            raise TooManyWrongKeys(
                "Too many API keys that are not known here; wait before you try another one.",
                retry_after_seconds=max(math.ceil(wait), 1),
            )


def _network_of(address: str) -> str:
    """The address, or of IPv6 the network that one household has: it can call from each of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
