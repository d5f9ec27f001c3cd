"""The picture that a codec child is working on: the child writes it, the service reads it."""

import mmap

SIZE = 8


class InHand:
    """The number of a picture, or 0, in memory that both sides have mapped.

    A message would say the same, but each one wakes the service's loop. Eight aligned bytes are
    written and read atomically.

    Args:
        descriptor: a file in memory of `SIZE` bytes; it may be closed afterwards.
    """

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, SIZE)
        self._numbers = memoryview(self._memory).cast("Q")

    @property
    def number(self) -> int:
        """The picture in hand."""
        return self._numbers[0]

    @number.setter
    def number(self, number: int) -> None:
        self._numbers[0] = number

    def close(self) -> None:
        """Unmap it."""
        self._numbers.release()
        self._memory.close()
