"""Host names to addresses; a name is refused when one of its addresses is."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from app.domain.errors import AddressBlocked, DnsFailed
from app.outbound.guard import BLOCKED_MESSAGE, AddressGuard

# From a host name to its addresses in text, of both families.
Lookup = Callable[[str], Awaitable[Sequence[str]]]

LOOKUP_TIMEOUT_SECONDS = 10.0
LOOKUP_THREADS = 32
# A page of addresses has been checked when we come to connect; trying more than this is no use.
MAX_ADDRESSES_TRIED = 6


class SystemLookup:
    """The operating system's resolver, so that /etc/hosts and search domains work as usual.

    It runs in threads of its own: name servers that do not answer must not hold up the database
    calls that share the loop's default threads (nor uvloop's four).
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="dns")

    async def __call__(self, host: str) -> list[str]:
        """Return every address of `host`.

        Raises:
            OSError: the name is unknown or the name server does not answer.
        """
        answers = await asyncio.get_running_loop().run_in_executor(
            # As bytes, because the idna codec would judge the name a second time.
            self._threads,
            lambda: socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM),
        )
        # dict keeps the system's order of preference (RFC 6724) and drops repetitions.
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))

    def close(self) -> None:
        """Let the threads end when their last lookup does."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedResolver(AbstractResolver):
    """The resolver that the HTTP client asks; its answers are numeric and checked."""

    def __init__(self, guard: AddressGuard, lookup: Lookup | None = None) -> None:
        self._guard = guard
        self._system = SystemLookup() if lookup is None else None
        self._lookup: Lookup = lookup or self._system  # type: ignore[assignment]

    async def addresses(self, host: str) -> list[str]:
        """Resolve a name and check every answer.

        Raises:
            AddressBlocked: at least one answer is not allowed. Taking the good ones would let a
                name server decide by turns where we connect.
            DnsFailed: there is no answer.
        """
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_SECONDS):
                answers = await self._lookup(host)
        except TimeoutError as error:
            raise DnsFailed("The name servers of the address's host do not answer.") from error
        except OSError as error:
            raise DnsFailed("The host name of the address could not be found.") from error
        if not answers:
            raise DnsFailed("The host name of the address has no internet address.")
        for answer in answers:
            if not self._guard.allows(ip_address(answer)):
                raise AddressBlocked(BLOCKED_MESSAGE)
        return list(answers)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - both, always
    ) -> list[ResolveResult]:
        """Answer aiohttp; see `addresses`."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in (await self.addresses(host))[:MAX_ADDRESSES_TRIED]
        ]

    async def close(self) -> None:
        """Give back the threads."""
        if self._system is not None:
            self._system.close()
