"""Which API keys are good right now: those of the settings, and those of the database."""

import hmac
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import structlog

from app.db import keys
from app.db.engine import Database
from app.domain.errors import DatabaseUnavailable, Unauthorized

log = structlog.get_logger(__name__)

# How old the ring's knowledge of the database may be: so long a revoked key may still work.
LOOK_SECONDS = 2.0
OWNER_LENGTH = 32


def digest_of(secret: str) -> str:
    """What is kept and compared instead of a key or of the page's cookie."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def owner_of_digest(digest: str) -> str:
    """The name under which the requests of the key with this digest are kept."""
    return digest[:OWNER_LENGTH]


@dataclass(frozen=True, slots=True)
class _State:
    digests: tuple[str, ...]
    needed: bool


class KeyRing:
    """The keys as they were a moment ago; answers from memory, so that a check costs no query.

    Args:
        configured: the keys of `API_KEYS`; they are good as long as the process runs.
    """

    def __init__(self, configured: Iterable[str]) -> None:
        self._configured = tuple(digest_of(key) for key in configured)
        self._state = _State(self._configured, bool(self._configured))
        self._looked_at: float | None = None
        self._looking = threading.Lock()

    @property
    def needed(self) -> bool:
        """Whether calls need a key; also when every key of the database was revoked."""
        return self._state.needed

    @property
    def has_several(self) -> bool:
        """Whether there is more than one key, so that what is of all is not of one's own."""
        return len(set(self._state.digests)) > 1

    @property
    def is_stale(self) -> bool:
        """Whether it is time to look into the database again."""
        return self._looked_at is None or time.monotonic() - self._looked_at >= LOOK_SECONDS

    def refresh(self, database: Database) -> None:
        """Look into the database, unless somebody has just done it or is about to.

        Raises:
            DatabaseUnavailable: it does not answer, and it never did. Later the keys stay as they
                were: without the database they open nothing but the metrics, which an operator
                needs most just then.
        """
        if not self._looking.acquire(blocking=self._looked_at is None):
            return
        try:
            if self.is_stale:
                self._look(database)
        finally:
            self._looking.release()

    def owner_of(self, key: str | None) -> str:
        """The name under which this key's requests are kept; empty where the service is open.

        Raises:
            Unauthorized: keys are needed, and this is none of them.
        """
        state = self._state
        if not state.needed:
            return ""
        if not key:
            raise Unauthorized(
                "Send your API key as Authorization: Bearer KEY or as X-API-Key: KEY."
            )
        given = digest_of(key)
        # Every key is compared, and digests instead of keys, so that the time tells nothing of
        # them.
        matches = [hmac.compare_digest(given, known) for known in state.digests]
        if not any(matches):
            raise Unauthorized("This API key is not known here.")
        return owner_of_digest(given)

    def admits(self, owner: str) -> bool:
        """Whether a caller that was let in as `owner` would still be."""
        state = self._state
        if not state.needed:
            return owner == ""
        return any(owner == owner_of_digest(known) for known in state.digests)

    def _look(self, database: Database) -> None:
        try:
            with database.read() as connection:
                active = keys.active(connection)
                needed = bool(self._configured) or keys.any_made(connection)
        except DatabaseUnavailable as error:
            if self._looked_at is None:
                raise
            log.warning("keys_not_looked_up", reason=str(error))
        else:
            self._state = _State((*self._configured, *active), needed)
        self._looked_at = time.monotonic()
