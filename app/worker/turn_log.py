"""What a turn did: counted image by image, logged in few lines."""

import logging
import time
from collections import Counter
from typing import Any

import structlog

from app.db.queue import ClaimedImage, Outcome
from app.domain.results import ImageResult
from app.domain.statuses import ImageStatus
from app.metrics.work import WorkMetrics

log = structlog.get_logger(__name__)

# The first ones tell what kind of trouble it is; a million of them would bury everything else, and
# the report of the request has them all.
FAILURES_TOLD = 20


class TurnLog:
    """Counts every image of a turn; at `info` tells its first failures and, at its end, the sums.

    Each image has a line of its own at `debug`.
    """

    def __init__(self, metrics: WorkMetrics, request_id: str) -> None:
        self._metrics = metrics
        self._request_id = request_id
        self._began_at = time.monotonic()
        self._outcomes: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._tells_each = logging.getLogger(__name__).isEnabledFor(logging.DEBUG)

    def add(self, image: ClaimedImage, outcome: Outcome) -> None:
        """One attempt came to its end."""
        if outcome.status == ImageStatus.COMPLETED:
            self._done(image, outcome)
        else:
            self._failed(image, outcome)

    def end(self) -> None:
        """Tell what the turn did, if it did anything."""
        if not self._outcomes:
            return
        log.info(
            "turn_ended",
            request_id=self._request_id,
            **self._outcomes,
            errors=dict(self._errors),
            duration_ms=round(1000 * (time.monotonic() - self._began_at)),
        )

    def _done(self, image: ClaimedImage, outcome: Outcome) -> None:
        result = outcome.result or ImageResult()
        if result.file is None:
            word = "checked"
        else:
            word = "reused" if outcome.reused_from else "kept" if result.kept else "completed"
        fetched = word not in {"checked", "reused"}
        input_bytes, output_bytes = result.input_bytes, result.output_bytes
        self._outcomes[word] += 1
        self._metrics.image_done(
            word,
            input_bytes=input_bytes if fetched else 0,
            output_bytes=output_bytes if fetched else 0,
        )
        if self._tells_each:
            facts = self._facts(image, outcome)
            log.debug(f"image_{word}", **facts, input_bytes=input_bytes, output_bytes=output_bytes)

    def _failed(self, image: ClaimedImage, outcome: Outcome) -> None:
        code = outcome.error_code or "internal"
        facts = self._facts(image, outcome)
        facts |= {"code": code, "http_status": outcome.http_status}
        if outcome.uncounted:
            # Its host refused, and the image waits for it.
            self._outcomes["refused"] += 1
            self._metrics.image_refused()
            log.debug("image_refused", **facts)
            return
        if outcome.status == ImageStatus.PENDING:
            self._outcomes["retried"] += 1
            self._metrics.image_retried(code)
            log.debug("image_retried", **facts)
            return
        self._outcomes["failed"] += 1
        self._errors[code] += 1
        self._metrics.image_failed(code)
        write = log.info if self._outcomes["failed"] <= FAILURES_TOLD else log.debug
        write("image_failed", **facts)

    def _facts(self, image: ClaimedImage, outcome: Outcome) -> dict[str, Any]:
        return {
            "request_id": self._request_id,
            "image": f"{image.row}-{image.position}",
            "seq": image.seq,
            "attempt": image.attempt,
            "duration_ms": outcome.duration_ms,
        }
