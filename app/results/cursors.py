"""What `next_cursor` of a list holds: the last entry shown, in letters that fit into an address."""

import base64
import binascii
import uuid

from app.domain.errors import OptionInvalid


def encode(value: str) -> str:
    """The cursor behind the entry that `value` names; ASCII."""
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """What `encode` was given.

    Raises:
        OptionInvalid: the cursor is none of ours; so do the two below.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        raise _bad_cursor() from None
    # Postgres takes no NUL in a text.
    if not value.isprintable():
        raise _bad_cursor()
    return value


def decode_uuid(cursor: str) -> str:
    """The id that a cursor holds."""
    try:
        return str(uuid.UUID(decode(cursor)))
    except ValueError:
        raise _bad_cursor() from None


def decode_number(cursor: str) -> int:
    """The number that a cursor holds."""
    value = decode(cursor)
    if not value.isdigit() or len(value) > 18:
        raise _bad_cursor()
    return int(value)


def _bad_cursor() -> OptionInvalid:
    return OptionInvalid(
        "cursor: not a cursor of this list; take next_cursor of the page before, or none.",
        option="cursor",
    )
