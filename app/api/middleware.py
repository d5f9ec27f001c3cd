"""What surrounds every call: security headers, the call's id, log line, metrics, the last 500."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.contract.errors import upload_too_large
from app.api.errors import http_problem_response, problem_response
from app.metrics.calls import CallMetrics

log = structlog.get_logger(__name__)

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Machines ask these every few seconds; at info they would bury everything else.
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
_CLIENT_GONE = 499
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    # Pages bring a policy of their own; nothing else has any business running in a browser.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class SecurityHeaders:
    """Adds each header that the answer does not carry yet."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class CallLog:
    """One log line and one count per call; an exception nobody expected becomes a plain 500."""

    def __init__(self, app: ASGIApp, *, metrics: CallMetrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        sent_id = Headers(scope=scope).get("x-request-id", "")
        call_id = sent_id if _SANE_ID.fullmatch(sent_id) else uuid4().hex
        method = scope["method"]
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = call_id
            await send(message)

        with structlog.contextvars.bound_contextvars(http_request_id=call_id):
            try:
                await self.app(scope, receive, send_with_id)
            except ClientDisconnect:
                status = status or _CLIENT_GONE
            except Exception:
                log.exception("unhandled_exception", method=method, route=_template(scope))
                if status:
                    # The answer is on its way: ending it unfinished makes the server cut the
                    # connection, so that nobody takes a half CSV for a whole one.
                    status = 500
                else:
                    answer = http_problem_response(500, "This is a fault of the service.")
                    await answer(scope, receive, send_with_id)
            seconds = time.perf_counter() - started
            route = _template(scope)
            self.metrics.count(method, route, status, seconds)
            write = log.debug if route in _QUIET_ROUTES else log.info
            duration_ms = round(1000 * seconds, 1)
            write("http_call", method=method, route=route, status=status, duration_ms=duration_ms)


class EarlyLimit:
    """Refuses a body by its announced length before a byte of it is read."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, max_upload_bytes: int) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            announced = Headers(scope=scope).get("content-length", "")
            if announced.isdecimal() and int(announced) > self.max_body_bytes:
                answer = problem_response(upload_too_large(self.max_upload_bytes))
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class TrailingSlash:
    """Answers `/path/` as `/path`: a redirect would lose the body of an upload."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if len(path) > 1 and path.endswith("/") and not path.startswith("/images/"):
                # In place, not in a copy: the router writes into this scope which route it chose.
                scope["path"] = path[:-1]
        await self.app(scope, receive, send)


def _template(scope: Scope) -> str:
    """The route's pattern: an address itself would make endless metrics and tell of ids."""
    return getattr(scope.get("route"), "path", None) or "(none)"
