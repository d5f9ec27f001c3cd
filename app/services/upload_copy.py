"""An upload's way into the store, while it is still being checked."""

import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import structlog

from app.domain.errors import StoreError
from app.storage.base import Store

log = structlog.get_logger(__name__)

# A smaller file is checked and stored in less time than a second reader would be worth.
BESIDE_FROM_BYTES = 8 * 2**20


@contextmanager
def stored_beside(store: Store, key: str, content: BinaryIO) -> Iterator[Callable[[], None]]:
    """Put a file into the store during the block; what the block gets waits for its end.

    A large file goes there at once, by a thread and with a reading position of its own, so that the
    block can read the file meanwhile; a small one when it is asked for. A block that fails leaves
    nothing in the store.

    Args:
        content: seekable; a large one has a file descriptor.
    Raises:
        StoreError: from what the block calls: the file is not kept.
    """
    if content.seek(0, os.SEEK_END) < BESIDE_FROM_BYTES:
        yield lambda: _put_from_start(store, key, content)
        return
    reader = _Reader(content.fileno())
    with ThreadPoolExecutor(1, "upload-copy") as thread:
        copy = thread.submit(store.put_file, key, cast(BinaryIO, reader), content_type="text/csv")
        try:
            yield copy.result
        except BaseException:
            reader.stop()
            # Whatever the copy says now is our own doing; the block's error is the one to tell.
            if copy.exception() is None:
                discard(store, key)
            raise


def discard(store: Store, key: str) -> None:
    """Remove an upload that nobody will ask for; the sweep for orphans takes what stays."""
    try:
        store.delete_prefix(key)
    except StoreError as error:
        log.warning("orphaned_upload", key=key, error=str(error))


def _put_from_start(store: Store, key: str, content: BinaryIO) -> None:
    content.seek(0)
    store.put_file(key, content, content_type="text/csv")


class _Reader(io.RawIOBase):
    """Reads a file by its descriptor without moving the position that others read from."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0
        self._stopped = False

    def stop(self) -> None:
        """Let the next read fail."""
        self._stopped = True

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._stopped:
            raise OSError("the upload was refused meanwhile")
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = (0, self._position, os.fstat(self._descriptor).st_size)[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position
