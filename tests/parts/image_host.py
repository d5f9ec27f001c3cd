"""A web shop's picture server: answers as told and counts who asked for what."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.parts.http_server import Handler, LoopbackServer


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    `headers` overrule the two that are made: Content-Type and Content-Length. A Content-Length
    above the body's gives a body that ends too early. `delay` (seconds) passes before the first
    byte, `chunk_delay` between pieces of `chunk_bytes` of the body. With an ETag or Last-Modified
    among the headers, a client that names it in its condition gets a 304 without the body.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    chunk_delay: float = 0
    chunk_bytes: int = 1024


@dataclass(frozen=True)
class SeenRequest:
    """What a client sent."""

    path: str
    headers: Mapping[str, str]
    monotonic_seconds: float


class ImageHost(LoopbackServer):
    """Paths that nobody has added answer 404."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Answer]] = {}
        self._hits: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._open = 0
        self._not_modified: Counter[str] = Counter()
        self.most_at_once = 0
        self.requests: list[SeenRequest] = []
        super().__init__(_ImageHandler)

    def url(self, path: str) -> str:
        """The full address of a path, which may carry a query."""
        return f"{self.base_url}/{path.lstrip('/')}"

    def add(
        self,
        path: str,
        body: bytes = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        delay: float = 0,
    ) -> str:
        """Answer this path so from now on; returns its URL."""
        answer = Answer(body=body, status=status, headers=headers or {}, delay=delay)
        return self.add_answers(path, [answer])

    def add_answers(self, path: str, answers: Sequence[Answer]) -> str:
        """Give these answers one after the other, the last one for ever; returns the URL."""
        with self._lock:
            self._answers["/" + path.lstrip("/")] = list(answers)
        return self.url(path)

    def redirect(self, path: str, location: str, status: int = 302) -> str:
        """Send clients of this path elsewhere; returns its URL."""
        return self.add(path, status=status, headers={"Location": location})

    def hits(self, path: str) -> int:
        """How often this path was asked for."""
        with self._lock:
            return self._hits["/" + path.lstrip("/")]

    def not_modified(self, path: str) -> int:
        """How often this path was answered with 304."""
        with self._lock:
            return self._not_modified["/" + path.lstrip("/")]

    @property
    def is_busy(self) -> bool:
        """Whether a request waits for its answer."""
        with self._lock:
            return self._open > 0

    def begin(self, request: SeenRequest) -> Answer:
        """Record a request and choose its answer; for the handler."""
        with self._lock:
            self._hits[request.path] += 1
            self.requests.append(request)
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
            answers = self._answers.get(request.path, [Answer(b"not here", 404)])
            answer = answers[min(self._hits[request.path], len(answers)) - 1]
            if not _is_known(answer, request):
                return answer
            self._not_modified[request.path] += 1
            return replace(answer, body=b"", status=304)

    def end(self) -> None:
        """One request less is open; for the handler."""
        with self._lock:
            self._open -= 1


class _ImageHandler(Handler):
    def do_GET(self) -> None:  # noqa: N802 - the base class looks for this name
        host: ImageHost = self.server.part  # type: ignore[attr-defined]
        request = SeenRequest(self.path, dict(self.headers.items()), time.monotonic())
        answer = host.begin(request)
        try:
            time.sleep(answer.delay)
            self._send(answer)
        finally:
            host.end()

    do_HEAD = do_GET  # noqa: N815

    def _send(self, answer: Answer) -> None:
        headers = {
            "Content-Type": _content_type(self.path),
            "Content-Length": str(len(answer.body)),
            **answer.headers,
        }
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if headers["Content-Length"] != str(len(answer.body)):
            self.close_connection = True
        self.end_headers()
        if self.command == "HEAD":
            return
        if not answer.chunk_delay:
            self.wfile.write(answer.body)
            return
        for start in range(0, len(answer.body), answer.chunk_bytes):
            self.wfile.write(answer.body[start : start + answer.chunk_bytes])
            time.sleep(answer.chunk_delay)


def _is_known(answer: Answer, request: SeenRequest) -> bool:
    """Whether the client has it already, as RFC 9110 13.2.2 orders the conditions."""
    etag, date = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    if "If-None-Match" in request.headers:
        return etag is not None and request.headers["If-None-Match"] == etag
    return date is not None and request.headers.get("If-Modified-Since") == date


def _content_type(path: str) -> str:
    ending = path.partition("?")[0].rpartition(".")[2].lower()
    kinds = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp", "gif": "gif"}
    return f"image/{kinds[ending]}" if ending in kinds else "application/octet-stream"
