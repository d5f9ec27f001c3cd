"""What the tests of this folder share: fetchers with short limits, and name servers that lie."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network

from app.domain.hosts.rules import NO_RULES, HostRules
from app.outbound.fetch import FetchConfig, ImageFetcher
from app.outbound.guard import AddressGuard
from app.outbound.resolver import Lookup

TIMEOUT_SECONDS = 0.8
MAX_BYTES = 1_000_000

PUBLIC_ONLY = AddressGuard()
LOOPBACK_TOO = AddressGuard([ip_network("127.0.0.0/8")])


def names(answers: Mapping[str, Sequence[str] | list[Sequence[str]]]) -> Lookup:
    """A name server: host -> addresses, or a list of such answers to be given by turns."""
    turns = {host: list(each) for host, each in answers.items()}

    async def lookup(host: str) -> Sequence[str]:
        await asyncio.sleep(0)
        if host not in turns:
            raise OSError("name unknown")
        answer = turns[host]
        if answer and not isinstance(answer[0], str):
            return answer.pop(0) if len(answer) > 1 else answer[0]  # type: ignore[return-value]
        return answer  # type: ignore[return-value]

    return lookup


@asynccontextmanager
async def image_fetcher(
    guard: AddressGuard = LOOPBACK_TOO,
    *,
    lookup: Lookup | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_BYTES,
    connections_per_host: int = 8,
    rules: HostRules = NO_RULES,
) -> AsyncIterator[ImageFetcher]:
    config = FetchConfig(
        timeout_seconds=timeout_seconds,
        max_bytes=max_bytes,
        connections_per_host=connections_per_host,
        user_agent="ImageProcessingService/test (+https://shop.example/contact)",
    )
    fetcher = ImageFetcher(guard, config, rules=rules, lookup=lookup)
    try:
        yield fetcher
    finally:
        await fetcher.aclose()
