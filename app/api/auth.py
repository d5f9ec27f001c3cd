"""Who is asking: API keys, when the operator has set any; the page's cookie stands for one."""

import hmac
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from app.config import Settings
from app.domain.errors import Unauthorized

OWNER_LENGTH = 32
SESSION_COOKIE = "page_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

bearer = HTTPBearer(
    scheme_name="Bearer",
    auto_error=False,
    description="An API key of this service; only needed where the operator has set API_KEYS.",
)
api_key_header = APIKeyHeader(
    name="X-API-Key",
    scheme_name="ApiKey",
    auto_error=False,
    description="The same key in a header of its own.",
)


async def current_owner(
    request: Request,
    authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    x_api_key: Annotated[str | None, Depends(api_key_header)],
) -> str:
    """The name under which this caller's requests are kept; empty where the service is open.

    Raises:
        Unauthorized: keys are set, and the call carries none of them.
    """
    settings: Settings = request.app.state.settings
    key = authorization.credentials if authorization is not None else x_api_key
    cookie = request.cookies.get(SESSION_COOKIE)
    if key is None and cookie and settings.api_keys:
        # Browsers send cookies along with what other sites make them do; those do not count.
        if request.method not in SAFE_METHODS and not comes_from_our_page(request):
            raise Unauthorized("A signed-in browser may do this from our own page only.")
        return _owner_of_session(cookie, settings)
    return owner_of(key, settings)


def owner_of(key: str | None, settings: Settings) -> str:
    """See `current_owner`; `key` is what the caller sent."""
    if not settings.api_keys:
        return ""
    if not key:
        raise Unauthorized("Send your API key as Authorization: Bearer KEY or as X-API-Key: KEY.")
    given = _digest(key)
    # Every key is compared, and digests instead of keys, so that the time tells nothing of them.
    known = [
        hmac.compare_digest(given, _digest(one.get_secret_value())) for one in settings.api_keys
    ]
    if not any(known):
        raise Unauthorized("This API key is not known here.")
    return given[:OWNER_LENGTH]


def session_of(key: str) -> str:
    """What the page's cookie holds for a key: worth nothing once the key is taken away, and the
    key cannot be read from it."""
    return hmac.new(key.encode("utf-8", "surrogateescape"), b"page session", sha256).hexdigest()


def comes_from_our_page(request: Request) -> bool:
    """Whether a browser says that a page of this very service makes the call.

    `Sec-Fetch-Site` says it wherever the connection is trusted (https, localhost); elsewhere the
    `Origin` has to name the host that was called. A call with neither does not count.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    try:
        caller = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(caller) and caller == request.headers.get("host")


def _owner_of_session(cookie: str, settings: Settings) -> str:
    owner = ""
    for one in settings.api_keys:
        key = one.get_secret_value()
        if hmac.compare_digest(cookie.encode("latin-1", "replace"), session_of(key).encode()):
            owner = owner_of(key, settings)
    if not owner:
        raise Unauthorized("The sign-in has ended; sign in again with an API key.")
    return owner


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


OwnerDep = Annotated[str, Depends(current_owner)]
