"""`--images DIR`: copies of the pictures in a folder, and links to them."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from app.cli.files import replacing
from app.domain.naming import ORIGINALS_PREFIX
from app.storage.base import Store

# An S3 store answers in milliseconds, a hundred times slower than a disk: ask for several at once.
COPIES_AT_ONCE = 8
KEYS_IN_MEMORY = 200


def copy_pictures(
    store: Store, request_id: str, folder: Path, *, check: Callable[[], None]
) -> None:
    """Copy every picture of a request, originals into a folder of their own.

    Names are those of the store without the request's id, such as `2-1-blue-mug.jpg`: row and
    position in the CSV, so the same CSV gives the same names.

    Args:
        check: called now and then; what it raises ends the copying.
    Raises:
        StoreError: the store went away.
        OSError: the folder cannot be written.
    """
    _copy_all(store, f"{request_id}/", folder, check)
    originals = f"{ORIGINALS_PREFIX}{request_id}/"
    _copy_all(store, originals, folder / ORIGINALS_PREFIX, check)


def _copy_all(store: Store, prefix: str, folder: Path, check: Callable[[], None]) -> None:
    def copy(key: str) -> None:
        with store.open(key) as source, replacing(folder / key.removeprefix(prefix)) as target:
            shutil.copyfileobj(source, target)

    keys = store.keys(prefix)
    with ThreadPoolExecutor(COPIES_AT_ONCE) as threads:
        while some := list(islice(keys, KEYS_IN_MEMORY)):
            check()
            folder.mkdir(parents=True, exist_ok=True)
            # list() raises what went wrong in a thread.
            list(threads.map(copy, some))


class LinkedFolder:
    """A `Store` that reads as another one does, but whose public addresses are files of a folder.

    Args:
        store: where the objects are.
        folder: where `copy_pictures` has put those of the request.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder.resolve()
        self.put, self.put_file = store.put, store.put_file
        self.delete_prefix, self.folders = store.delete_prefix, store.folders
        self.aclose = store.aclose

    def open(self, key: str) -> BinaryIO:
        """As the store."""
        return self._store.open(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """As the store."""
        return self._store.keys(prefix)

    def public_url(self, key: str) -> str:
        """The `file://` address of the copy."""
        return (self._folder / key.partition("/")[2]).as_uri()

    def check(self) -> None:
        """As the store."""
        self._store.check()
