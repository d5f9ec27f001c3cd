"""Ctrl-C and SIGTERM: the first one stops in good order, the second one at once."""

import io
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(Exception):
    """The user or the system asked for a stop; `exit_code` is what a shell expects for it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


class Interrupts:
    """Remembers a signal until the work asks for it at a moment where it can stop."""

    def __init__(self) -> None:
        # A plain attribute: a signal handler that takes a lock could wait for itself.
        self._number: int | None = None

    def check(self) -> None:
        """Raise `Interrupted` if a stop was asked for."""
        if self._number is not None:
            raise Interrupted(self._number)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals inside the block; outside they do what they did before."""
        before = {
            number: signal.signal(number, self._handle)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._number is not None:
            # The codec children see their pipes close and end by themselves.
            os._exit(128 + number)
        self._number = number


class WatchedFile(io.BufferedReader):
    """A file whose reader can be stopped: `read` raises `Interrupted` once a signal came.

    Checking and storing a large CSV takes a while, and both do nothing but read it.
    """

    def __init__(self, raw: io.RawIOBase, interrupts: Interrupts) -> None:
        super().__init__(raw)
        self._interrupts = interrupts

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, unless a stop was asked for."""
        self._interrupts.check()
        return super().read(size)
