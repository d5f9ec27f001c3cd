"""The tables `leases`, `installation` and `unwatched`: who does periodic jobs, and for whom."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, RequestId


class Lease(Base):
    """Who does a periodic job now, so that one sweep at a time runs among all workers."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[datetime]


class Installation(Base):
    """What tells this database from all others at work on the same store; one row (0006).

    The store keeps a note with `id` and a mark. Every look for orphans puts a new mark into both,
    so that a copy of this database, or an older state of it, is recognised by its mark.
    """

    __tablename__ = "installation"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(RequestId)
    created_at: Mapped[datetime]
    # The last sign of life of a sweep; see `Unwatched`.
    seen_at: Mapped[datetime]
    # What was last to be written into the store, and what was there before it: a process may die
    # between the commit and the writing.
    mark: Mapped[str | None]
    former_mark: Mapped[str | None]
    # Why the last look for orphans deleted nothing, and when the log last said so.
    sweep_blocked: Mapped[str | None]
    warned_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("number = 1", name="only_one"),)


class Unwatched(Base):
    """A time of which this database cannot say that it knows every request made in it.

    Before its first sweep, and while no sweep ran: when it was restored from a backup, it does not
    know what was uploaded between the backup and the restore.
    """

    __tablename__ = "unwatched"

    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]
