"""Waiting for a store that is away, as it holds up every image alike."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from app.domain.errors import StoreError

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

# Waiting with the result in hand costs a place in the pipe; giving up would cost the hosts another
# download, and soon the image.
STORE_PATIENCE_SECONDS = 60.0
STORE_PAUSE_SECONDS = 1.0


async def patiently(key: str, ask: Callable[[], Awaitable[Result]]) -> Result:
    """What `ask` answers about the object `key`, asked again while the turn renews the lease.

    Raises:
        StoreError: the store was away for longer than a minute.
    """
    patience_ends: float | None = None
    while True:
        try:
            return await ask()
        except StoreError as error:
            if patience_ends is None:
                log.warning("store_waited_for", key=key, error=str(error))
                patience_ends = time.monotonic() + STORE_PATIENCE_SECONDS
            elif time.monotonic() > patience_ends:
                raise
        await asyncio.sleep(STORE_PAUSE_SECONDS)
