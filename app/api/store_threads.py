"""Routes that wait for the store, in threads of their own: a silent store holds up no other one.

Handlers without `async` share one pool of threads. A store that accepts and says nothing would hold
all of them, and the routes that need no store would also wait.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, fail_after
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from fastapi import Response

from app.domain.errors import ServiceUnavailable

READS_AT_ONCE, WRITES_AT_ONCE = 32, 16
# People wait for these; the store's own calls take longer to give up (`app/storage/`).
READ_SECONDS = 8.0

_reads: RunVar[CapacityLimiter] = RunVar("reads of the store")
_writes: RunVar[CapacityLimiter] = RunVar("writes to the store")

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Handler = Callable[Arguments, Response]
AsyncHandler = Callable[Arguments, Awaitable[Response]]


def reads_store(handler: Handler[Arguments]) -> AsyncHandler[Arguments]:
    """A route whose handler opens an object; 503 when the store takes too long."""

    @wraps(handler)
    async def bounded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
        return await read_in_time(partial(handler, *args, **kwargs))

    return bounded


def writes_store(handler: Handler[Arguments]) -> AsyncHandler[Arguments]:
    """A route whose handler puts an object; it ends when the store's own patience does."""

    @wraps(handler)
    async def bounded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
        limiter = _limiter(_writes, WRITES_AT_ONCE)
        return await run_sync(partial(handler, *args, **kwargs), limiter=limiter)

    return bounded


async def read_in_time(read: Callable[[], Result]) -> Result:
    """What `read` gives, in a thread of its own.

    Raises:
        ServiceUnavailable: the store took too long.
    """
    try:
        with fail_after(READ_SECONDS):
            return await run_sync(read, limiter=_reading(), abandon_on_cancel=True)
    except TimeoutError:
        raise ServiceUnavailable("The store for files does not answer in time.") from None


async def read_in_pieces(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces of an answer that is read from the store while it is sent."""
    following = partial(next, pieces, None)
    while True:
        piece = await run_sync(following, limiter=_reading(), abandon_on_cancel=True)
        if piece is None:
            return
        yield piece


def _reading() -> CapacityLimiter:
    return _limiter(_reads, READS_AT_ONCE)


def _limiter(of: RunVar[CapacityLimiter], most: int) -> CapacityLimiter:
    # One for each event loop, as a limiter belongs to the loop that it was made in.
    try:
        return of.get()
    except LookupError:
        limiter = CapacityLimiter(most)
        of.set(limiter)
        return limiter
