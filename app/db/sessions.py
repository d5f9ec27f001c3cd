"""Queries on `page_sessions`."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from app.db.models import PageSession


def add(connection: Connection, *, digest: str, owner: str, expires_at: datetime) -> None:
    """Keep a new session."""
    connection.execute(
        insert(PageSession).values(digest=digest, owner=owner, expires_at=expires_at)
    )


def owner_of(connection: Connection, digest: str, *, now: datetime) -> str | None:
    """Whose session it is; None for one that has ended or never was."""
    query = select(PageSession.owner).where(
        PageSession.digest == digest, PageSession.expires_at > now
    )
    return connection.execute(query).scalar_one_or_none()


def end(connection: Connection, digest: str) -> None:
    """Forget one session, if it is there."""
    connection.execute(delete(PageSession).where(PageSession.digest == digest))


def forget(connection: Connection, *, before: datetime) -> None:
    """Drop the sessions that are past their time."""
    connection.execute(delete(PageSession).where(PageSession.expires_at < before))
