"""Queries on `leases`: one holder at a time for each periodic job."""

from datetime import datetime

from sqlalchemy import Connection

from app.db.dialect import upsert
from app.db.models import Lease


def acquire(
    connection: Connection, name: str, *, holder: str, now: datetime, expires_at: datetime
) -> bool:
    """Take or renew the lease; False while another holder's has not ended."""
    new = upsert(connection.dialect.name, Lease).values(
        name=name, holder=holder, expires_at=expires_at
    )
    statement = new.on_conflict_do_update(
        index_elements=[Lease.name],
        set_={"holder": new.excluded.holder, "expires_at": new.excluded.expires_at},
        where=(Lease.expires_at < now) | (Lease.holder == holder),
    ).returning(Lease.name)
    return connection.execute(statement).one_or_none() is not None
