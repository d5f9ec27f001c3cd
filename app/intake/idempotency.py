"""Idempotency-Keys: a repeat of an upload gets the first one's answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import Connection

from app.adapters import Adapters, now
from app.db import idempotency
from app.domain.errors import IdempotencyMismatch
from app.domain.options import ProcessingOptions
from app.intake.check import Reading

IDEMPOTENCY_KEPT = timedelta(hours=24)
_CHUNK_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Call:
    """An upload that may be repeated.

    Attributes:
        owner: digest of the caller's API key; keys of other owners are other keys.
        key: its Idempotency-Key.
        fingerprint: digest of the file and of all that was said about it.
    """

    owner: str
    key: str
    fingerprint: str


def fingerprint(
    content: BinaryIO, options: ProcessingOptions, webhook_url: str | None, reading: Reading
) -> str:
    """SHA-256, in hex, of what makes an upload another one; `content` is rewound."""
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK_BYTES):
        digest.update(chunk)
    content.seek(0)
    rest = [options.model_dump(mode="json"), webhook_url, asdict(reading)]
    digest.update(json.dumps(rest, sort_keys=True).encode())
    return digest.hexdigest()


def kept_answer(adapters: Adapters, call: Call) -> dict[str, Any] | None:
    """What the first upload with this key was answered; None where this one is the first.

    Raises:
        IdempotencyMismatch: the key was used for another upload.
        DatabaseUnavailable: the key cannot be looked up.
    """
    with adapters.database.read() as connection:
        kept = idempotency.find(
            connection, owner=call.owner, key=call.key, since=now() - IDEMPOTENCY_KEPT
        )
    if kept is None:
        return None
    if kept.fingerprint != call.fingerprint:
        raise IdempotencyMismatch(
            "This Idempotency-Key was sent with another file or other options within the last "
            "24 hours; use a new key for a new upload."
        )
    return kept.answer


def keep_answer(
    connection: Connection, call: Call, answer: Mapping[str, Any], *, moment: datetime
) -> bool:
    """Keep the answer for repeats; False where another upload with this key came first."""
    return idempotency.keep(
        connection,
        owner=call.owner,
        key=call.key,
        fingerprint=call.fingerprint,
        request_id=answer["request_id"],
        answer=answer,
        now=moment,
        since=moment - IDEMPOTENCY_KEPT,
    )
