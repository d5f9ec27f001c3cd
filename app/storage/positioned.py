"""A second reader of an open file."""

import io
import os
from typing import Any

# Read at once at most, whatever is asked for: obstore asks for a part of 5 MB and copies what it
# gets to where it collects one, so that a whole part would be there several times.
_READ_BYTES = 2**18


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

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self.readall()
        self._refuse_if_stopped()
        data = os.pread(self._descriptor, min(size, _READ_BYTES), self._position)
        self._position += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        self._refuse_if_stopped()
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = (0, self._position, os.fstat(self._descriptor).st_size)[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def _refuse_if_stopped(self) -> None:
        if self._stopped:
            raise OSError("the reading was stopped")
