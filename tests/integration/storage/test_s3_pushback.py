"""A bucket that asks to slow down is asked again, later; nothing fails for it."""

import asyncio
from collections import Counter

from app.storage.s3 import S3Store
from tests.parts.http_server import Handler, LoopbackServer

REFUSALS = 2
SLOW_DOWN = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code>'
    b"<Message>Please reduce your request rate.</Message></Error>"
)


class BusyBucket(LoopbackServer):
    """Answers each method with 503 SlowDown at first, then as a bucket with one object does."""

    def __init__(self) -> None:
        super().__init__(_BusyHandler)
        self.calls: Counter[str] = Counter()


class _BusyHandler(Handler):
    def _answer(self) -> None:
        bucket: BusyBucket = self.server.part  # type: ignore[attr-defined]
        bucket.calls[self.command] += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        busy = bucket.calls[self.command] <= REFUSALS
        body = SLOW_DOWN if busy else b"object"
        self.send_response(503 if busy else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"tag"')
        self.send_header("Last-Modified", "Tue, 01 Dec 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = _answer  # noqa: N815 - the base's names


def test_slow_down_is_answered_with_patience() -> None:
    with BusyBucket() as bucket:
        store = S3Store("pictures", bucket.base_url, "us-east-1", "key", "secret", None)
        asyncio.run(store.put("a/1-1-mug.jpg", b"picture", content_type="image/jpeg"))
        with store.open("a/input.csv") as file:
            assert file.read() == b"object"
    assert bucket.calls == dict.fromkeys(("PUT", "GET"), REFUSALS + 1)
