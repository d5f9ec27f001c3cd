"""Who is asking: API keys, when the operator has set any."""

import hmac
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from app.config import Settings
from app.domain.errors import Unauthorized

OWNER_LENGTH = 32

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
    key = authorization.credentials if authorization is not None else x_api_key
    return owner_of(key, request.app.state.settings)


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


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


OwnerDep = Annotated[str, Depends(current_owner)]
