"""Which images of a request are meant: by error code, by host, by a text. What callers may write.

A host is written as people have it at hand: a name, a name with its port, or any URL on it.
"""

import re

from sqlalchemy import Connection

from app.db.hosts import request_hosts
from app.domain.errors import IMAGE_ERROR_CODES, OptionInvalid
from app.outbound.guard import host_key

HTTPS_PORT, HTTP_PORT = ":443", ":80"
# Anything longer is in no name; the longest address also has fewer characters.
TEXT_CHARS_MAX = 8_192
_HAS_PORT = re.compile(r":[0-9]+$")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def has_port(text: str) -> bool:
    """Whether a host is written with its port."""
    return bool(_HAS_PORT.search(text))


def checked_code(code: str | None) -> str | None:
    """An error code of images, or None where none is asked for.

    Raises:
        OptionInvalid: there is no such code.
    """
    if code is not None and code not in IMAGE_ERROR_CODES:
        raise OptionInvalid(
            f"code: {code[:64]!r} is none of {', '.join(IMAGE_ERROR_CODES)}.", option="code"
        )
    return code


def checked_text(text: str | None) -> str | None:
    """The text to look for, or None where nothing is to be looked for.

    Raises:
        OptionInvalid: no name and no address can contain the text.
    """
    text = (text or "").strip()
    if len(text) > TEXT_CHARS_MAX or _UNPRINTABLE.search(text):
        raise OptionInvalid(
            f"q: must be a text of at most {TEXT_CHARS_MAX:,} characters, without control "
            "characters.",
            option="q",
        )
    return text or None


def find_host(connection: Connection, request_id: str, text: str | None) -> str | None:
    """The host as `Image.host` has it, or None where none is asked for.

    A name without a port is the host that is shown so; only where the request has no image there,
    it is the one that answers plain http.

    Raises:
        OptionInvalid: the text names no host.
    """
    text = (text or "").strip()
    if not text:
        return None
    is_url = "://" in text
    key = "" if _UNPRINTABLE.search(text) else host_key(text if is_url else f"https://{text}")
    if not key:
        raise OptionInvalid(
            f"host: {text[:64]!r} names no host; write shop.example, shop.example:8080 or a URL.",
            option="host",
        )
    if is_url or has_port(text):
        return key
    plain = key.removesuffix(HTTPS_PORT) + HTTP_PORT
    return request_hosts.shown_key(connection, request_id, key, otherwise=plain)
