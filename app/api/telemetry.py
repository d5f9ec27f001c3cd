"""FastAPI's own OpenTelemetry hooks, switched on by OTEL_EXPORTER_OTLP_ENDPOINT.

The variables are OpenTelemetry's own (OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_HEADERS and so on); its
library reads them from the environment.
"""

import os
from collections.abc import MutableMapping
from typing import Any

import structlog
from fastapi.telemetry import TelemetryConfig

log = structlog.get_logger(__name__)

SERVICE_NAME = "image-processing-service"
# Machines ask these every few seconds; nobody wants to follow such a call.
_QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def telemetry() -> TelemetryConfig:
    """How FastAPI is to trace: not at all, unless the environment names a collector.

    A collector that is named while the `otel` extra is missing is a line in the log and no more:
    the service also works without being watched.
    """
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return _OFF
    try:
        from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: F401
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
    except ImportError:
        log.warning(
            "telemetry_not_installed",
            reason="OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages that send are missing: "
            "pip install 'fastapi[opentelemetry]'. Nothing is traced.",
        )
        return _OFF

    class WithoutQuery(SpanProcessor):
        """Options may be in a query, and one of them is the webhook's address with its token."""

        def on_start(self, span: Span, parent_context: Any = None) -> None:  # noqa: ARG002
            if span.attributes and "url.query" in span.attributes:
                span.set_attribute("url.query", "…")

    name = os.environ.get("OTEL_SERVICE_NAME", SERVICE_NAME)
    provider = TracerProvider(
        resource=Resource.create({"service.name": name}), shutdown_on_exit=False
    )
    provider.add_span_processor(WithoutQuery())
    return {
        "tracer_provider": provider,
        "tracing": True,
        # Of these /metrics has more, and the log has errors without what they quote.
        "metrics": False,
        "logs": False,
        "auto_configure": True,
        "exclude": _is_quiet,
    }


def _is_quiet(scope: MutableMapping[str, Any]) -> bool:
    return scope["path"] in _QUIET_PATHS
