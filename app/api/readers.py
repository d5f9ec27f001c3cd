"""Who is reading a file from us: how many at once, and their memory back when they leave."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app import memory
from app.domain.errors import ServiceUnavailable

# A reader costs less than a megabyte, however slow it is.
READERS_MAX, READERS_PER_KEY = 400, 100
# Readers that leave together are one walk through the heap.
GIVE_BACK_AFTER_SECONDS = 2.0


class Readers:
    """The readers of one process; `owner` is empty where the service is open."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()
        self._giving_back = False

    def check(self, owner: str) -> None:
        """Refuse one more reader than there may be.

        Raises:
            ServiceUnavailable: too many are reading already.
        """
        if owner and self._of[owner] >= READERS_PER_KEY:
            raise ServiceUnavailable(
                f"This API key reads {READERS_PER_KEY} files at once already; wait for one to end."
            )
        if self._of.total() >= READERS_MAX:
            raise ServiceUnavailable("Too many files are being read at once; try again soon.")

    @contextmanager
    def reading(self, owner: str) -> Iterator[None]:
        """Inside, one file is being sent."""
        self._of[owner] += 1
        try:
            yield
        finally:
            self._of[owner] -= 1
            self._of = +self._of
            if not self._giving_back:
                self._giving_back = True
                loop = asyncio.get_running_loop()
                loop.call_later(GIVE_BACK_AFTER_SECONDS, self._give_back)

    def _give_back(self) -> None:
        self._giving_back = False
        memory.trim()


class FileStream(StreamingResponse):
    """An answer that is made while it is sent, counted among its owner's.

    Raises:
        ServiceUnavailable: when it is made: too many are being read already.
    """

    def __init__(self, content: Any, *, readers: Readers, owner: str, **options: Any) -> None:
        readers.check(owner)
        super().__init__(content, **options)
        self._readers, self._owner = readers, owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._readers.reading(self._owner):
            await super().__call__(scope, receive, send)
