"""Waiting for a store that is away, as it holds up every image alike."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from app.domain.errors import StoreError
from app.domain.retry import STORE
from app.retrying import keep_trying

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


async def wait_for_store(key: str, ask: Callable[[], Awaitable[Result]]) -> Result:
    """What `ask` answers about the object `key`, asked again while the turn renews the lease.

    Raises:
        StoreError: the store was away for longer than a minute.
    """

    def failed(error: StoreError, attempt: int) -> bool:
        if attempt == 1:
            log.warning("store_waited_for", key=key, error=str(error))
        return True

    return await keep_trying(STORE, ask, on=StoreError, failed=failed)
