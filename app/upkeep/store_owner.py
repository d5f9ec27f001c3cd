"""Whether the store is this database's own: a note in the store says whose it is.

The note has the id of the installation, and a mark that each scan for orphans renews and that
only its database knows. Three things follow. Another id: this database is new here. A mark that is
not ours: a copy of this database is at work on the store, or this is an older state of it. And a
database that has requests of its own beside another's crosses the mark out, so that both see that
they share the store, and neither deletes what it does not know.
"""

import json
import secrets
import uuid
from dataclasses import dataclass
from enum import StrEnum

import structlog

from app.adapters import Adapters, now
from app.db import installation as table
from app.db import requests
from app.upkeep.installation import BEGINNING, find_or_make

log = structlog.get_logger(__name__)

CROSSED_OUT = "crossed out"


class Blocked(StrEnum):
    """Why the look for orphans deletes nothing."""

    UNOWNED = "unowned"
    FOREIGN = "foreign"
    SHARED = "shared"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Note:
    """What the store says about its owner; both are empty in a note that nobody can read."""

    installation: str
    mark: str


def read_note(adapters: Adapters) -> Note | None:
    """The note in the store, or None when there is none."""
    text = adapters.store.note()
    if text is None:
        return None
    try:
        fields = json.loads(text)
        return Note(str(fields["installation"]), str(fields["mark"]))
    except (ValueError, KeyError, TypeError):
        return Note("", "")


def is_ours(adapters: Adapters) -> bool:
    """True when the store says now that it belongs to this database, and to this state of it."""
    return _stranger(find_or_make(adapters), read_note(adapters)) is None


def check_owner(adapters: Adapters, *, mostly_known: bool) -> Blocked | None:
    """Renew the mark in a store that is ours; else say why it is not.

    Args:
        mostly_known: this database knows at least half of what is in the store, which may be
            nothing. Then a store without a note becomes ours: it is empty, or its service comes
            from a version that wrote no note.
    """
    ours = find_or_make(adapters)
    note = read_note(adapters)
    if note is None and not mostly_known:
        return Blocked.UNOWNED
    if note is None or _stranger(ours, note) is None:
        _write_mark(adapters, ours.id, former=note.mark if note else None)
        return None
    blocked = _stranger(ours, note)
    if note.mark == CROSSED_OUT or not (blocked is Blocked.SHARED or _has_requests(adapters)):
        return blocked
    # Another process of ours may have renewed the mark, or adopted the store, between our reads.
    if (find_or_make(adapters), read_note(adapters)) == (ours, note):
        _put_note(adapters, Note(note.installation, CROSSED_OUT))
    return blocked


def adopt(adapters: Adapters) -> str:
    """Make the store this database's own, by the operator's word; returns the new id.

    The id is a new one, so that copies and older states of this database are strangers from now
    on. Nothing that was made before is ever taken for an orphan without being asked.
    """
    ours = find_or_make(adapters)
    installation_id = str(uuid.uuid4())
    with adapters.database.transaction() as connection:
        table.set_id(connection, installation_id)
        table.add_unwatched(connection, began_at=BEGINNING, ended_at=now())
        table.set_blocked(connection, None, warned_at=None)
    _write_mark(adapters, installation_id, former=None)
    log.warning("store_adopted", installation=installation_id, before=ours.id)
    return installation_id


def _stranger(ours: table.InstallationRow, note: Note | None) -> Blocked | None:
    if note is None:
        return Blocked.UNOWNED
    if note.installation != ours.id:
        return Blocked.FOREIGN
    return None if note.mark in (ours.mark, ours.former_mark) else Blocked.SHARED


def _has_requests(adapters: Adapters) -> bool:
    with adapters.database.read() as connection:
        return requests.time_span(connection) is not None


def _write_mark(adapters: Adapters, installation_id: str, *, former: str | None) -> None:
    mark = secrets.token_hex(8)
    with adapters.database.transaction() as connection:
        table.set_mark(connection, mark, former=former)
    _put_note(adapters, Note(installation_id, mark))


def _put_note(adapters: Adapters, note: Note) -> None:
    fields = {
        "about": "image processing service: whose this store is; see docs/operations.md",
        "installation": note.installation,
        "mark": note.mark,
    }
    adapters.store.put_note(json.dumps(fields, indent=2) + "\n")
