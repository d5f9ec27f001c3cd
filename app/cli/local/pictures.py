"""`--images DIR`: copies of the pictures in a folder, and links to them."""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from app.adapters import Adapters
from app.cli.files import replacing
from app.domain.naming import ORIGINALS_PREFIX
from app.results.pictures import Picture, pictures
from app.storage.base import Store

# An S3 store answers in milliseconds, a hundred times slower than a disk: ask for several at once.
COPIES_AT_ONCE = 8
PICTURES_IN_MEMORY = 200


def copy_pictures(
    adapters: Adapters, request_id: str, folder: Path, *, owner: str, check: Callable[[], None]
) -> dict[str, str]:
    """Copy every picture of a request, originals into a folder of their own.

    Names are those of the store without the request's id, such as `2-1-blue-mug.jpg`: row and
    position in the CSV, so the same CSV gives the same names.

    Args:
        check: called now and then; what it raises ends the copying.
    Returns: the names of those pictures that have another one in the store, by their keys.
    Raises:
        StoreError: the store went away.
        OSError: the folder cannot be written.
    """
    renamed: dict[str, str] = {}

    def copy(picture: Picture) -> None:
        _copy(adapters.store, picture.key, folder / picture.name)
        if picture.original_key is not None and picture.original_name is not None:
            original = folder / ORIGINALS_PREFIX / picture.original_name
            original.parent.mkdir(exist_ok=True)
            _copy(adapters.store, picture.original_key, original)

    found = pictures(adapters, request_id, owner=owner)
    with ThreadPoolExecutor(COPIES_AT_ONCE) as threads:
        while some := list(islice(found, PICTURES_IN_MEMORY)):
            check()
            # list() raises what went wrong in a thread.
            list(threads.map(copy, some))
            renamed |= {one.key: one.name for one in some if one.name != _name_in_store(one.key)}
    return renamed


def _copy(store: Store, key: str, path: Path) -> None:
    with store.open(key) as source, replacing(path) as target:
        shutil.copyfileobj(source, target)


def _name_in_store(key: str) -> str:
    return key.partition("/")[2]


class LinkedFolder:
    """A `Store` that reads as another one does, but whose public addresses are files of a folder.

    Args:
        store: where the objects are.
        folder: where `copy_pictures` has put those of the request.
        renamed: what `copy_pictures` returned.
    """

    def __init__(self, store: Store, folder: Path, renamed: Mapping[str, str]) -> None:
        self._folder = folder.resolve()
        self._renamed = renamed
        self.put, self.put_file, self.size_of = store.put, store.put_file, store.size_of
        self.open, self.keys, self.folders = store.open, store.keys, store.folders
        self.delete, self.delete_prefix = store.delete, store.delete_prefix
        self.note, self.put_note = store.note, store.put_note
        self.prepare, self.check, self.aclose = store.prepare, store.check, store.aclose

    def public_url(self, key: str) -> str:
        """The `file://` address of the copy."""
        return (self._folder / self._renamed.get(key, _name_in_store(key))).as_uri()
