"""The operator's named API keys: make, list, revoke."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from app.access.key_ring import digest_of
from app.adapters import now
from app.db import keys
from app.db.engine import Database
from app.domain.errors import OptionInvalid, RequestNotFound, WrongState

# So that a key is recognised where it should not be, such as in a repository or a log.
PREFIX = "ipk_"
KEY_BYTES = 32
_NAME = re.compile(r"\w[\w .@-]{0,62}\w|\w")


@dataclass(frozen=True, slots=True)
class NamedKey:
    """What is known of a key after it was shown."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def create(database: Database, name: str) -> str:
    """Make a key and return it; only its digest is kept, so it cannot be shown again.

    Raises:
        OptionInvalid: the name cannot be used, or an active key has it.
    """
    if not _NAME.fullmatch(name):
        raise OptionInvalid(
            "The name of a key has 1 to 64 letters, digits, spaces or any of . _ @ - and begins "
            "and ends with a letter or a digit.",
            option="name",
        )
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    with database.transaction() as connection:
        added = keys.add(connection, digest=digest_of(key), name=name, now=now())
    if not added:
        raise OptionInvalid(
            f"There is a key with the name {name!r} already; revoke it first, or use another name.",
            option="name",
        )
    return key


def list_keys(database: Database) -> list[NamedKey]:
    """Every key of the database, oldest first; those of `API_KEYS` are not among them."""
    with database.read() as connection:
        rows = keys.listed(connection)
    return [NamedKey(row.name, row.created_at, row.revoked_at) for row in rows]


def revoke(database: Database, name: str) -> None:
    """End a key: from the next look on (`key_ring.LOOK_SECONDS`) it opens nothing.

    Raises:
        RequestNotFound: no active key has this name.
    """
    with database.transaction() as connection:
        if not keys.revoke(connection, name, now=now()):
            raise RequestNotFound(f"There is no active key with the name {name[:64]!r}.")


def forget_revoked(database: Database) -> int:
    """Delete revoked keys when no key is active, so that the service is open again; how many.

    Raises:
        WrongState: a key is active.
    """
    with database.transaction() as connection:
        if keys.active(connection):
            raise WrongState("There are active keys; revoke them first.")
        return keys.forget_revoked(connection)
