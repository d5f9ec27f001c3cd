"""Webhooks that wait, written straight into the outbox."""

import uuid_utils
from sqlalchemy import insert, select, update

from app.adapters import Adapters, now
from app.db.models import WebhookDelivery
from app.ending.receivers import receiver_of
from tests.integration.db.parts import add_request


def add_due(adapters: Adapters, url: str, count: int, *, owner: str = "") -> str:
    """So many webhooks to this address, of one ended request, all due; returns its id."""
    request_id = add_request(adapters.database, status="completed", owner=owner)
    receiver, moment = receiver_of(url, owner=owner), now()
    rows = [
        {
            "id": str(uuid_utils.uuid7()),
            "request_id": request_id,
            **receiver._asdict(),
            "event": "request.completed",
            "run": run,
            "url": url,
            "body": "{}",
            "status": "pending",
            "created_at": moment,
            "next_attempt_at": moment,
        }
        for run in range(count)
    ]
    with adapters.database.transaction() as connection:
        connection.execute(insert(WebhookDelivery), rows)
    return request_id


def make_due(adapters: Adapters) -> None:
    """Let the schedule's next moment be now."""
    with adapters.database.transaction() as connection:
        connection.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.status == "pending")
            .values(next_attempt_at=now())
        )


def statuses(adapters: Adapters, request_id: str) -> list[str]:
    """Of all webhooks of a request."""
    query = select(WebhookDelivery.status).where(WebhookDelivery.request_id == request_id)
    with adapters.database.read() as connection:
        return list(connection.execute(query).scalars())
