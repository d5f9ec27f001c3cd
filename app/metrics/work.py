"""What workers do. Each process counts its own work since its start; the tables have the truth."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.domain.errors import IMAGE_ERROR_CODES
from app.domain.statuses import RequestStatus

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
DONE = ("completed", "kept", "reused", "checked")
WEBHOOK_OUTCOMES = ("delivered", "retried", "failed")
SWEEP_RESULTS = ("done", "elsewhere", "postponed", "failed")


class WorkMetrics:
    """Counters and histograms of the work.

    All label values that can be known are there from the start with 0: of a series that begins
    with 1, Prometheus' rate() never sees the first step.

    Attributes:
        fetch_seconds: one image's way from its host, with redirects.
        codec_seconds: one picture in a codec child, without waiting for the child.
        store_seconds: until one image's objects lay in the store.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, meaning: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(name, meaning, labels, registry=registry)

        def histogram(name: str, meaning: str) -> Histogram:
            return Histogram(name, meaning, buckets=_SECONDS, registry=registry)

        self.fetch_seconds = histogram(
            "image_fetch_duration_seconds", "Fetching one image, with redirects, in seconds."
        )
        self.codec_seconds = histogram(
            "image_codec_duration_seconds", "One picture in a codec child, in seconds."
        )
        self.store_seconds = histogram(
            "image_store_duration_seconds", "Storing one image, in seconds."
        )
        self._images = counter(
            "images_finished_total",
            "Images that reached their end, by outcome and, where failed, by error code.",
            ("outcome", "code"),
        )
        self._retried = counter(
            "image_attempts_retried_total", "Failed attempts that get another one.", ("code",)
        )
        self._refused = counter(
            "image_requests_refused_total",
            "Requests that an image host refused (429, 503); they cost no attempt.",
        )
        self._input_bytes = counter("image_input_bytes_total", "Bytes of images fetched and done.")
        self._output_bytes = counter("image_output_bytes_total", "Bytes of images stored.")
        self._leases = counter(
            "leases_returned_total", "Images taken back from workers that went silent."
        )
        self._accepted = counter("processing_requests_accepted_total", "Uploads accepted.")
        self._ended = counter(
            "processing_requests_ended_total", "Requests that ended, by status.", ("status",)
        )
        self._webhooks = counter(
            "webhook_attempts_total", "Attempts at webhooks by what came of them.", ("outcome",)
        )
        self._sweeps = counter(
            "sweep_rounds_total",
            "Sweeps begun by this worker; `elsewhere`: another worker does them at present.",
            ("result",),
        )
        self._sweep_seconds = histogram(
            "sweep_duration_seconds", "One sweep that was done here, in seconds."
        )
        self._swept_at = Gauge(
            "sweep_last_success_timestamp_seconds",
            "When this worker last ended a sweep, in seconds since 1970; 0: never.",
            registry=registry,
        )
        self._done = {outcome: self._images.labels(outcome, "") for outcome in DONE}
        for code in IMAGE_ERROR_CODES:
            self._images.labels("failed", code)
            self._retried.labels(code)
        for status in (RequestStatus.COMPLETED, RequestStatus.FAILED, RequestStatus.CANCELLED):
            self._ended.labels(status.value)
        for outcome in WEBHOOK_OUTCOMES:
            self._webhooks.labels(outcome)
        for result in SWEEP_RESULTS:
            self._sweeps.labels(result)

    def image_done(self, outcome: str, *, input_bytes: int, output_bytes: int) -> None:
        """An image was done.

        Args:
            outcome: `completed`, `kept` (its own data was smaller), `reused`, or `checked` where
                it was only looked at.
            input_bytes: 0 for a reused or a checked image, as neither was fetched.
            output_bytes: likewise.
        """
        self._done[outcome].inc()
        self._input_bytes.inc(input_bytes)
        self._output_bytes.inc(output_bytes)

    def image_failed(self, code: str, images: int = 1) -> None:
        """An image came to its end without a picture."""
        self._images.labels("failed", code).inc(images)

    def image_retried(self, code: str) -> None:
        """An attempt failed, and another one follows."""
        self._retried.labels(code).inc()

    def image_refused(self) -> None:
        """An image's host refused, and the image waits."""
        self._refused.inc()

    def leases_returned(self, images: int) -> None:
        """The sweep took images back."""
        self._leases.inc(images)

    def request_accepted(self) -> None:
        """An upload got its 202."""
        self._accepted.inc()

    def request_ended(self, status: str) -> None:
        """A request reached its end."""
        self._ended.labels(status).inc()

    def webhook_attempted(self, outcome: str) -> None:
        """One attempt: `delivered`, `retried` (another one follows) or `failed` (none does)."""
        self._webhooks.labels(outcome).inc()

    def sweep_done(self, seconds: float) -> None:
        """A sweep of this worker came to its end."""
        self._sweeps.labels("done").inc()
        self._sweep_seconds.observe(seconds)
        self._swept_at.set(time.time())

    def sweep_not_done(self, result: str) -> None:
        """A sweep was not done: `elsewhere`, `postponed` (no database) or `failed` (a bug)."""
        self._sweeps.labels(result).inc()
