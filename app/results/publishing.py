"""Compressed images that this service hands out itself, because they are on its own disk."""

import os
from dataclasses import dataclass

from app.adapters import Adapters
from app.storage.keys import IMAGE_CACHE_CONTROL
from app.storage.local import LocalStore

__all__ = ["IMAGE_CACHE_CONTROL", "PublishedFile", "published_file"]


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """The path of a published image, and its state when it was looked up."""

    path: str
    stat: os.stat_result


def published_file(adapters: Adapters, key: str) -> PublishedFile | None:
    """The file under this key; None when another store than the disk publishes the images.

    Raises:
        ObjectMissing: there is none.
    """
    store = adapters.store
    if not isinstance(store, LocalStore):
        return None
    with store.open(key) as file:
        return PublishedFile(file.name, os.fstat(file.fileno()))
