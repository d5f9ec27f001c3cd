"""Knowing early that the process is about to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Draining:
    """True from the moment when the process was asked to stop.

    The server tells the application only after its last connection is closed; event streams must
    end before that, or they would keep it open.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __bool__(self) -> bool:
        return self._asked.is_set()

    def begin(self) -> None:
        """Answer `/readyz` with 503 and end event streams from now on."""
        self._asked.set()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Begin with the first stop signal, and let the server's own handler run as well."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in STOP_SIGNALS}

        def handle(number: int, frame: FrameType | None) -> None:
            self.begin()
            server = before[signal.Signals(number)]
            if callable(server):
                server(number, frame)

        for number, server in before.items():
            if callable(server):
                signal.signal(number, handle)
        try:
            yield
        finally:
            for number, server in before.items():
                if callable(server):
                    signal.signal(number, server)
