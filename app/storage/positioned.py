"""A second reader of an open file."""

import io
import os
from typing import Any


class PositionedReader(io.RawIOBase):
    """Reads a file by its descriptor without moving the position that others read from.

    Closing it leaves the file open: that is its owner's.
    """

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
            raise OSError("the reading was stopped")
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = (0, self._position, os.fstat(self._descriptor).st_size)[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position
