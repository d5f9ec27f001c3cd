"""Noticing a stop signal without taking it from the server."""

import signal
from types import FrameType

from app.api.draining import Draining


def test_a_stop_signal_starts_the_drain_and_still_reaches_the_server() -> None:
    reached: list[int] = []

    def server(number: int, _frame: FrameType | None) -> None:
        reached.append(number)

    before = signal.signal(signal.SIGTERM, server)
    try:
        draining = Draining()
        with draining.on_signals():
            assert not draining
            signal.raise_signal(signal.SIGTERM)
            assert draining
        assert reached == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is server
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_drain_can_be_started_by_hand() -> None:
    draining = Draining()
    draining.begin()
    assert draining
