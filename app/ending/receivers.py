"""Whom webhooks are due for: what a worker asks before it begins with a delivery."""

from collections.abc import Mapping

from app.adapters import Adapters, now
from app.db import deliveries, receivers
from app.db.receivers import DueReceiver, Receiver
from app.outbound.guard import host_key


def receiver_of(url: str, *, owner: str) -> Receiver:
    """Whom a webhook of this owner to this address goes to."""
    # An address without a host was refused at the upload; should one be there, it is still sent,
    # and what comes of it is in the log.
    return Receiver(owner, host_key(url) or "-")


def due_receivers(adapters: Adapters) -> list[DueReceiver]:
    """All receivers that something could be sent to now, the most promising first."""
    with adapters.database.read() as connection:
        return receivers.due(connection, now=now())


def find_due(adapters: Adapters, wanted: Mapping[Receiver, int]) -> list[tuple[str, Receiver]]:
    """Up to the wanted number of deliveries to each of these receivers, with their receiver."""
    moment = now()
    with adapters.database.read() as connection:
        return [
            (delivery_id, receiver)
            for receiver, limit in wanted.items()
            for delivery_id in receivers.due_for(connection, receiver, now=moment, limit=limit)
        ]


def receiver_for(adapters: Adapters, delivery_id: str) -> Receiver | None:
    """Whom a delivery goes to; None when it cannot be sent now."""
    with adapters.database.read() as connection:
        return deliveries.receiver_of(connection, delivery_id, now=now())
