"""A request that hosts hold up, as the workers would have left it; nobody works on it."""

from datetime import timedelta

from sqlalchemy import bindparam, case, delete, func, insert, select, update

from app.adapters import Adapters, now
from app.db.models import Host, Image, ProcessingRequest, RequestError, RequestHost
from tests.e2e.page.giants import add_giant

DONE, FAILED, WAITING = 412, 8, 280
SLOWED, PAUSED, SILENT, FINE = (
    "cdn.example:443",
    "media.example:443",
    "old-shop.example:80",
    "images.example:443",
)


def add_held_up(adapters: Adapters, *, retry_in_seconds: float = 40) -> str:
    """700 images on four hosts: one slowed, one paused, one silent and one fine."""
    request_id = add_giant(
        adapters,
        images=DONE + FAILED + WAITING,
        completed=DONE,
        failed=FAILED,
        status="processing",
        rest="pending",
    )
    moment = now()
    later = moment + timedelta(seconds=retry_in_seconds)
    host = case(
        (Image.seq <= 300, SLOWED),
        (Image.seq <= DONE, FINE),
        (Image.seq <= DONE + FAILED, SILENT),
        (Image.seq <= 650, SLOWED),
        else_=PAUSED,
    )
    states = [
        {"host": SLOWED, "state": "slowed", "requests_per_second": 20.0},
        {"host": PAUSED, "state": "paused", "requests_per_second": 5.0, "retry_at": later},
        {"host": SILENT, "state": "unreachable", "last_error": "Nothing answers at this host."},
    ]
    with adapters.database.transaction() as connection:
        connection.execute(update(Image).where(Image.request_id == request_id).values(host=host))
        connection.execute(delete(RequestHost).where(RequestHost.request_id == request_id))
        for name, images in connection.execute(
            select(Image.host, func.count())
            .where(Image.request_id == request_id)
            .group_by(Image.host)
        ).all():
            ended = select(func.count()).where(
                Image.request_id == request_id,
                Image.host == name,
                Image.status == bindparam("ended"),
            )
            completed = connection.execute(ended, {"ended": "completed"}).scalar_one()
            failed = connection.execute(ended, {"ended": "failed"}).scalar_one()
            connection.execute(
                insert(RequestHost).values(
                    request_id=request_id,
                    host=name,
                    images_total=images,
                    images_completed=completed,
                    images_failed=failed,
                )
            )
        connection.execute(
            insert(RequestError).values(
                request_id=request_id, code="host_unreachable", images=FAILED
            )
        )
        connection.execute(
            update(Image)
            .where(Image.request_id == request_id, Image.status == "failed")
            .values(error_code="host_unreachable", error_message="Nothing answers at this host.")
        )
        connection.execute(delete(Host).where(Host.host.in_([row["host"] for row in states])))
        for row in states:
            connection.execute(insert(Host).values(control={}, updated_at=moment, **row))
        connection.execute(
            update(ProcessingRequest)
            .where(ProcessingRequest.id == request_id)
            .values(images_per_second=18.4, speed_at=moment)
        )
    return request_id
