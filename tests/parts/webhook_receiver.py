"""Somebody's webhook endpoint: records what arrives and answers as told."""

import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.parts.http_server import Handler, LoopbackServer


@dataclass(frozen=True)
class ReceivedWebhook:
    """One delivery as it arrived, `at` on the monotonic clock; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True)
class WebhookAnswer:
    """What to say to one delivery, after `delay` seconds."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


class WebhookReceiver(LoopbackServer):
    """Answers 204 unless other answers are waiting in `answers`."""

    def __init__(self) -> None:
        self.answers: deque[WebhookAnswer] = deque()
        self._received: list[ReceivedWebhook] = []
        self._changed = threading.Condition()
        super().__init__(_WebhookHandler)

    @property
    def url(self) -> str:
        """The address to give as `webhook_url`."""
        return f"{self.base_url}/hooks/images"

    @property
    def received(self) -> list[ReceivedWebhook]:
        """All deliveries so far, the oldest first."""
        with self._changed:
            return list(self._received)

    def wait_for(self, count: int, *, timeout_seconds: float = 10) -> list[ReceivedWebhook]:
        """Wait until at least `count` deliveries have arrived and return all of them."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._received) >= count, timeout_seconds):
                raise AssertionError(
                    f"{len(self._received)} webhooks in {timeout_seconds} s, expected {count}"
                )
            return list(self._received)

    def take(self, webhook: ReceivedWebhook) -> WebhookAnswer:
        """Record a delivery and choose its answer; for the handler."""
        with self._changed:
            answer = self.answers.popleft() if self.answers else WebhookAnswer()
            self._received.append(webhook)
            self._changed.notify_all()
            return answer


class _WebhookHandler(Handler):
    def do_POST(self) -> None:  # noqa: N802 - the base class looks for this name
        receiver: WebhookReceiver = self.server.part  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = receiver.take(ReceivedWebhook(self.path, headers, body))
        time.sleep(answer.delay)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        # A 204 has no body and no length; every other status needs one to end the answer.
        if answer.status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()
