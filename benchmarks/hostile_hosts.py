"""What a host that misbehaves costs: time, memory, connections and bytes until it is given up."""

import asyncio
import gc
import time
import tracemalloc
from ipaddress import ip_network

from app.domain.errors import AddressBlocked, ImageError, InvalidUrl
from app.outbound.fetch import FetchConfig, ImageFetcher
from app.outbound.guard import AddressGuard
from benchmarks.figures import MEGABYTE, print_table
from tests.hostile_server import BEHAVIOURS, HostileServer
from tests.unit.outbound.cases import BLOCKED_URLS, INVALID_URLS

MAX_BYTES = 30_000_000
LOOPBACK = ip_network("127.0.0.0/8")


def measure_guard() -> None:
    """Count the addresses of the tests by what becomes of them, and the connections made."""
    ends = {"`address_blocked`": 0, "`invalid_url`": 0, "fetched or tried": 0}
    with HostileServer() as server:
        # The server's own address in every spelling would be the first to answer.
        urls = [*BLOCKED_URLS, *INVALID_URLS, server.url("/good.jpg")]
        for url in urls:
            end = asyncio.run(_fetch(AddressGuard(), url, timeout_seconds=5))
            known = {AddressBlocked: "`address_blocked`", InvalidUrl: "`invalid_url`"}
            ends[known.get(type(end), "fetched or tried") if end else "fetched or tried"] += 1
        rows = [[name, str(count)] for name, count in ends.items()]
        print_table(["end", "addresses"], [*rows, ["connections made", str(server.connections)]])


def measure_hostile_hosts(*, timeout_seconds: float) -> None:
    """Fetch once from every behaviour of the tests' server and print what it cost."""
    rows = []
    guard = AddressGuard([LOOPBACK])
    for path in sorted(BEHAVIOURS):
        with HostileServer() as server:
            gc.collect()
            tracemalloc.start()
            started, cpu = time.perf_counter(), time.thread_time()
            end = asyncio.run(_fetch(guard, server.url(path), timeout_seconds=timeout_seconds))
            seconds, cpu = time.perf_counter() - started, time.thread_time() - cpu
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            rows.append(
                [
                    path.removeprefix("/"),
                    f"`{end.code}`" if end else "a file",
                    f"{seconds:.2f}",
                    f"{cpu * 1_000:.0f}",
                    f"{peak / MEGABYTE:.1f}",
                    str(server.connections),
                ]
            )
    header = ["host", "end", "seconds", "our CPU, ms", "peak of both sides, MB", "connections"]
    print_table(header, rows)


async def _fetch(guard: AddressGuard, url: str, *, timeout_seconds: float) -> ImageError | None:
    config = FetchConfig(timeout_seconds, MAX_BYTES, 8, "ImageProcessingService/benchmark")
    fetcher = ImageFetcher(guard, config)
    try:
        await fetcher.fetch(url)
    except ImageError as error:
        return error
    finally:
        await fetcher.aclose()
    return None
