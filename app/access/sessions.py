"""Sessions of the page: a browser that signed in with an API key, until it signs out or a month
has gone by.

They are in the database, so that a sign-out counts in every API process at once. The cookie is
random and only its digest is kept: neither the key nor another session can be made of either.
"""

import secrets
from datetime import timedelta

from app.access.key_ring import KeyRing, digest_of
from app.adapters import now
from app.db import sessions
from app.db.engine import Database
from app.domain.errors import Unauthorized

KEPT = timedelta(days=30)
COOKIE_BYTES = 32


def begin(database: Database, owner: str, *, former: str | None) -> str:
    """Begin a session and return its cookie.

    Args:
        owner: whom the key that was given belongs to.
        former: the cookie that this browser had until now; its session ends.
    """
    cookie = secrets.token_urlsafe(COOKIE_BYTES)
    moment = now()
    with database.transaction() as connection:
        sessions.forget(connection, before=moment)
        if former is not None:
            sessions.end(connection, digest_of(former))
        sessions.add(connection, digest=digest_of(cookie), owner=owner, expires_at=moment + KEPT)
    return cookie


def owner_of(database: Database, keys: KeyRing, cookie: str) -> str:
    """Whose session a cookie is of.

    Raises:
        Unauthorized: the session has ended, or its key was taken away.
        DatabaseUnavailable: the sessions cannot be read.
    """
    with database.read() as connection:
        owner = sessions.owner_of(connection, digest_of(cookie), now=now())
    if owner is None or not keys.admits(owner):
        raise Unauthorized("The sign-in has ended; sign in again with an API key.")
    return owner


def end(database: Database, cookie: str) -> None:
    """Sign out: from now on the cookie opens nothing, wherever it is."""
    with database.transaction() as connection:
        sessions.end(connection, digest_of(cookie))
