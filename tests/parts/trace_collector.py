"""An OpenTelemetry collector that takes traces by OTLP/HTTP and keeps them."""

import gzip
import threading
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.parts.http_server import Handler, LoopbackServer


class TraceCollector(LoopbackServer):
    """`spans` are the spans so far, with their attributes as plain values."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.services: set[str] = set()
        self.spans: list[tuple[str, dict[str, Any]]] = []
        self.raw = b""
        self._lock = threading.Lock()
        super().__init__(_CollectorHandler)

    def take(self, path: str, body: bytes) -> None:
        """Keep one export."""
        request = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            self.paths.add(path)
            self.raw += body
            for exported in request.resource_spans:
                resource = _plain(exported.resource.attributes)
                self.services.add(resource["service.name"])
                for scope in exported.scope_spans:
                    self.spans += [(span.name, _plain(span.attributes)) for span in scope.spans]


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


class _CollectorHandler(Handler):
    def do_POST(self) -> None:  # noqa: N802 - the name that the base looks for
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.part.take(self.path, body)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
