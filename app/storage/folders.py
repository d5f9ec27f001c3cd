"""Folders of the local store, which come with their first file and go with their last."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


class Folders:
    """The folders below one root, which stays itself; for any number of threads and processes.

    A lock on the root, held for moments, keeps whoever removes a folder from taking it between its
    being made and its first file.

    Args:
        root: made with the first file.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def new_file(self, path: Path) -> BinaryIO:
        """Open a file that does not exist yet, in a folder that need not exist either.

        Raises:
            OSError: it cannot be made.
        """
        with suppress(FileNotFoundError):
            return path.open("xb")
        self._root.mkdir(parents=True, exist_ok=True)
        with self._locked(fcntl.LOCK_SH):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("xb")

    def remove_if_empty(self, folders: Collection[Path]) -> None:
        """Remove what is empty of these, each one before those above it."""
        for folder in folders:
            if folder != self._root:
                # Not empty, or gone already: both are as they should be.
                with suppress(OSError), self._locked(fcntl.LOCK_EX):
                    folder.rmdir()

    def above(self, folder: Path) -> list[Path]:
        """The folders that this one is in, the nearest one first and the root last."""
        return [each for each in folder.parents if each.is_relative_to(self._root)]

    @contextmanager
    def _locked(self, operation: int) -> Iterator[None]:
        root = os.open(self._root, os.O_RDONLY)
        try:
            fcntl.flock(root, operation)
            yield
        finally:
            os.close(root)
