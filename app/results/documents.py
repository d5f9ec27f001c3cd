"""Rows -> the JSON documents that the API, the events and the webhooks all show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.db.hosts.host_views import TroubledHost
from app.domain.forecast import Forecast, forecast
from app.domain.hosts.exchange import shown_host
from app.domain.results import SHOWN
from app.domain.statuses import NOT_ENDED, ImageStatus, RequestStatus
from app.storage.base import Store


def links(base_url: str, request_id: str) -> dict[str, str]:
    """Where everything about a request is found."""
    about = f"{base_url}/requests/{request_id}"
    return {
        "status": f"{base_url}/status/{request_id}",
        "output_csv": f"{base_url}/download-output-csv/{request_id}",
        "images": f"{about}/images",
        "hosts": f"{about}/hosts",
        "report_csv": f"{about}/report.csv",
        "events": f"{about}/events",
        "webhook_deliveries": f"{about}/webhook-deliveries",
    }


def status_document(
    row: Any,
    errors: Mapping[str, int],
    *,
    base_url: str,
    held_up_by: Sequence[TroubledHost] = (),
    now: datetime | None = None,
) -> dict[str, Any]:
    """The status of one request from its row: counters only, so its cost knows no size.

    Args:
        held_up_by: hosts in trouble for which images of the request wait.
        now: for what is expected of a request at work; not needed for one that has ended.
    """
    done = row.images_completed + row.images_failed
    left = max(row.images_total - done, 0)
    ahead = Forecast()
    if now is not None and not RequestStatus(row.status).is_final:
        ahead = forecast(
            left,
            average=row.images_per_second,
            average_at=row.speed_at,
            hosts=held_up_by,
            now=now,
        )
    cancelled = left if row.status == RequestStatus.CANCELLED else 0
    total = row.images_total
    # 100 is said only when nothing is left, also where rounding would say it earlier.
    share = done / total if total else 1.0
    percent = 100.0 if left == 0 else min(round(100 * share, 1), 99.9)
    return {
        "request_id": row.id,
        "status": row.status,
        "reason": row.reason,
        "filename": row.filename,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "finished_at": moment(row.finished_at),
        "products": row.products,
        "places": row.places,
        "images": {
            "total": total,
            "completed": row.images_completed,
            "failed": row.images_failed,
            "pending": left - cancelled,
            "cancelled": cancelled,
            "kept": row.images_kept,
            "reused": row.images_reused,
        },
        "progress_percent": percent,
        "images_per_second": ahead.images_per_second,
        "eta_seconds": ahead.eta_seconds,
        "hosts": [_held_up_by(host) for host in held_up_by],
        "bytes": {
            "input": row.input_bytes,
            "output": row.output_bytes,
            "saved_percent": saved_percent(row.input_bytes, row.output_bytes),
        },
        "errors": dict(errors),
        "warnings": row.warnings,
        "options": row.options,
        "detected": row.detected.get("public"),
        "webhook": {"url": row.webhook_url} if row.webhook_url else None,
        "links": links(base_url, row.id),
    }


def _held_up_by(host: TroubledHost) -> dict[str, Any]:
    return {
        "host": shown_host(host.host),
        "state": host.state,
        "pending": host.pending,
        "requests_per_second": host.requests_per_second,
        "retry_at": moment(host.retry_at),
    }


def image_document(row: Any, of_request: str, store: Store) -> dict[str, Any]:
    """One image of a request in the state `of_request`, named by its URL's first place."""
    # Marking the images of a large request takes a while after its cancel.
    is_cancelled = of_request == RequestStatus.CANCELLED and row.status in NOT_ENDED
    return {
        "row": row.row,
        "position": row.position,
        "product": {"serial_number": row.serial_number, "name": row.product_name},
        "input_url": row.source_url,
        "output_url": store.public_url(row.storage_key) if row.storage_key else None,
        "status": ImageStatus.CANCELLED.value if is_cancelled else row.status,
        "kept": bool(row.kept),
        "reused": row.reused_from is not None,
        "error": error_document(row),
        **{name: getattr(row, name) for name in SHOWN},
        "notes": row.notes,
        "attempts": row.attempts,
        "duration_ms": row.duration_ms,
    }


def error_document(row: Any) -> dict[str, Any] | None:
    """Why an image failed, or why its last attempt did while it waits for the next one."""
    if row.error_code is None:
        return None
    return {
        "code": row.error_code,
        "message": row.error_message,
        "http_status": row.http_status,
    }


def saved_percent(input_bytes: int, output_bytes: int) -> float:
    """Share of the downloaded bytes that the compressed images do not need any more.

    0.0 where nothing was made: a check saves nothing, however much it has looked at.
    """
    if not input_bytes or not output_bytes:
        return 0.0
    return round(100 * (1 - output_bytes / input_bytes), 1)


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None
