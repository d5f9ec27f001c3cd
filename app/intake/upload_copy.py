"""An upload's way into the store, while it is still being checked."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO, cast

import structlog

from app.domain.errors import StoreError
from app.storage.base import Store
from app.storage.positioned import PositionedReader

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
    reader = PositionedReader(content.fileno())
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
        store.delete([key])
    except StoreError as error:
        log.warning("orphaned_upload", key=key, error=str(error))


def _put_from_start(store: Store, key: str, content: BinaryIO) -> None:
    content.seek(0)
    store.put_file(key, content, content_type="text/csv")
