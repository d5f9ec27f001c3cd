"""A broker that repeats itself."""

from typing import Any

from app.broker.hints import Hints

TIMES = 3


def thrice() -> None:
    """Let every hint of this process be delivered three times."""
    send = Hints.send

    def send_thrice(self: Hints, task: str, *ids: str, times: int = 1) -> Any:
        return send(self, task, *ids, times=TIMES * times)

    Hints.send = send_thrice  # type: ignore[method-assign]
