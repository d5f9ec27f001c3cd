"""The API's calls."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})


class CallMetrics:
    """Answered calls by route pattern; an address itself would make endless series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "http_requests_total",
            "Answered calls by method, route pattern and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the call to the end of its answer, in seconds.",
            ("method", "route"),
            registry=registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one call."""
        method = method if method in _METHODS else "other"
        self._calls.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
