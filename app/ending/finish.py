"""End a request, with its webhook, in the transaction that made it complete."""

import json
from typing import Any

import structlog
import uuid_utils
from sqlalchemy import Connection

from app.adapters import Adapters, now
from app.db import deliveries, requests
from app.db.requests import RequestRow
from app.domain.statuses import RequestStatus, final_request_status
from app.domain.tasks import Task
from app.ending.receivers import receiver_of
from app.results.documents import moment as in_json
from app.results.documents import status_document

log = structlog.get_logger(__name__)


def finish_if_done(
    adapters: Adapters, connection: Connection, request_id: str, row: RequestRow | None
) -> list[str]:
    """End the request if no image is left to do; returns the ids of deliveries to hint at.

    Args:
        row: the request's own, locked; None where there is none any more.
    """
    if row is None or row.ingested_at is None or row.status != RequestStatus.PROCESSING:
        return []
    if row.images_completed + row.images_failed < row.images_total:
        return []
    status = final_request_status(
        images_total=row.images_total, images_completed=row.images_completed
    )
    reason = None
    if status is RequestStatus.FAILED:
        reason = "No image could be processed. The reasons are below."
    return end(adapters, connection, request_id, status=status, reason=reason)


def end(
    adapters: Adapters,
    connection: Connection,
    request_id: str,
    *,
    status: RequestStatus,
    reason: str | None,
) -> list[str]:
    """Move an open request to `status` and put its webhook into the outbox.

    Returns the ids of the deliveries to hint at after the commit; empty when the request had ended
    before, so that an end is announced once however often it is found.
    """
    moment = now()
    row = requests.end(connection, request_id, status=status, reason=reason, now=moment)
    if row is None:
        return []
    log.info(
        "request_ended",
        request_id=request_id,
        status=status.value,
        images_completed=row.images_completed,
        images_failed=row.images_failed,
        duration_ms=round(1000 * (moment - row.created_at).total_seconds()),
    )
    adapters.metrics.work.request_ended(status.value)
    if row.webhook_url is None:
        return []
    errors = requests.error_counts(connection, [request_id])[request_id]
    event = f"request.{status.value}"
    data = status_document(row, errors, base_url=adapters.settings.base_url)
    body: dict[str, Any] = {"type": event, "timestamp": in_json(moment), "data": data}
    delivery_id = str(uuid_utils.uuid7())
    deliveries.add(
        connection,
        delivery_id=delivery_id,
        request_id=request_id,
        receiver=receiver_of(row.webhook_url, owner=row.owner),
        event=event,
        run=row.run,
        url=row.webhook_url,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        now=moment,
    )
    return [delivery_id]


def announce(adapters: Adapters, delivery_ids: list[str]) -> None:
    """Hint at deliveries; only after the commit that wrote them."""
    for delivery_id in delivery_ids:
        adapters.hints.send(Task.DELIVER, delivery_id)
