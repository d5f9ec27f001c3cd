"""What an operator decides about a store: whose it is, and that what is unknown may go."""

from dataclasses import dataclass

from app.adapters import Adapters, now
from app.db import installation as table
from app.domain.errors import StoreError
from app.upkeep.installation import find_or_make
from app.upkeep.orphans import OLD_ENOUGH, look_through, remove
from app.upkeep.store_owner import CROSSED_OUT, Note, is_ours, read_note


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What is known about a store and its owner.

    Attributes:
        installation: the id of this database.
        note: what the store says; None when it says nothing.
        ours: the store belongs to this database.
        known: folders of requests that this database knows.
        unknown: folders, older than a day, of requests that it does not know.
    """

    installation: str
    note: Note | None
    ours: bool
    known: int
    unknown: int

    @property
    def shared(self) -> bool:
        """Two databases were seen at work on the store."""
        return self.note is not None and self.note.mark == CROSSED_OUT


def look(adapters: Adapters) -> StoreFacts:
    """Look at the whole store; changes nothing in it."""
    found = look_through(adapters, older_than=now() - OLD_ENOUGH, spared=())
    return StoreFacts(
        installation=find_or_make(adapters).id,
        note=read_note(adapters),
        ours=is_ours(adapters),
        known=found.known,
        unknown=found.unknown,
    )


def remove_all_unknown(adapters: Adapters) -> int:
    """Delete the files of every request that this database does not know and that is a day old.

    However many there are, and whenever they were made. Returns how many requests had files.

    Raises:
        StoreError: the store is not this database's own, or does not answer.
    """
    if not is_ours(adapters):
        raise StoreError("it does not belong to this database; see python -m app adopt-store")
    removed = 0
    while True:
        found = look_through(adapters, older_than=now() - OLD_ENOUGH, spared=())
        some = remove(adapters, found.orphans)
        removed += some
        if some == 0:
            break
    with adapters.database.transaction() as connection:
        table.set_blocked(connection, None, warned_at=None)
    return removed
