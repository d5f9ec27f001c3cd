"""Who is asking: API keys, when the operator has made any, or a session of the page."""

from hmac import compare_digest
from typing import Annotated
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers

from app.access import sessions
from app.access.key_ring import KeyRing, digest_of
from app.access.wrong_keys import WrongKeys
from app.domain.errors import OperatorOnly, Unauthorized

SESSION_COOKIE = "page_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

bearer = HTTPBearer(
    scheme_name="Bearer",
    auto_error=False,
    description="An API key of this service; only needed where the operator has made keys.",
)
api_key_header = APIKeyHeader(
    name="X-API-Key",
    scheme_name="ApiKey",
    auto_error=False,
    description="The same key in a header of its own.",
)


async def key_ring_of(request: Request) -> KeyRing:
    """The keys that are good now; looks into the database every few seconds at most."""
    keys: KeyRing = request.app.state.keys
    if keys.is_stale:
        await run_sync(keys.refresh, request.app.state.adapters.database)
    return keys


KeysDep = Annotated[KeyRing, Depends(key_ring_of)]


async def current_owner(
    request: Request,
    keys: KeysDep,
    authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    x_api_key: Annotated[str | None, Depends(api_key_header)],
) -> str:
    """The name under which this caller's requests are kept; empty where the service is open.

    Raises:
        Unauthorized: keys are needed, and the call carries none of them.
        TooManyWrongKeys: it is one of many such calls.
        DatabaseUnavailable: a session cannot be looked up.
    """
    key = authorization.credentials if authorization is not None else x_api_key
    cookie = request.cookies.get(SESSION_COOKIE)
    if key is None and cookie and keys.needed:
        # Browsers send cookies along with what other sites make them do; those do not count.
        if request.method not in SAFE_METHODS and not comes_from_our_page(request):
            raise Unauthorized("A signed-in browser may do this from our own page only.")
        return await run_sync(sessions.owner_of, request.app.state.adapters.database, keys, cookie)
    return owner_of_key(request, keys, key)


async def let_operator_in(
    request: Request,
    keys: KeysDep,
    authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    x_api_key: Annotated[str | None, Depends(api_key_header)],
) -> None:
    """For what is of all keys together: METRICS_TOKEN where it is set, else the only key there is.

    Raises:
        OperatorOnly: it is one key of several.
        Unauthorized, TooManyWrongKeys, DatabaseUnavailable: as for `current_owner`.
    """
    token = request.app.state.settings.metrics_token
    if token is None:
        await current_owner(request, keys, authorization, x_api_key)
        if keys.has_several:
            raise OperatorOnly(
                "These figures are of all API keys together; the operator reads them with "
                "METRICS_TOKEN or at METRICS_PORT."
            )
        return
    given = authorization.credentials if authorization is not None else x_api_key
    if not given or not compare_digest(digest_of(given), digest_of(token.get_secret_value())):
        if given:
            _note_wrong_key(request, given)
        raise Unauthorized("Send METRICS_TOKEN as Authorization: Bearer TOKEN.")


def owner_of_key(request: Request, keys: KeyRing, key: str | None) -> str:
    """The name under which the requests of this key are kept; wrong ones count for their client.

    Raises:
        Unauthorized, TooManyWrongKeys: as for `current_owner`.
    """
    try:
        return keys.owner_of(key)
    except Unauthorized:
        if key:
            _note_wrong_key(request, key)
        raise


def _note_wrong_key(request: Request, key: str) -> None:
    wrong_keys: WrongKeys = request.app.state.wrong_keys
    wrong_keys.note(request.client.host if request.client is not None else "", key)


def comes_from_our_page(request: Request) -> bool:
    """Whether a browser says that a page of this very service makes the call.

    `Sec-Fetch-Site` says it wherever the connection is trusted (https, localhost); elsewhere the
    `Origin` has to name the host that was called. A call with neither does not count.
    """
    site = request.headers.get("sec-fetch-site")
    return site == "same-origin" if site is not None else _origin_is_ours(request.headers)


def is_foreign(headers: Headers) -> bool:
    """Whether a browser says that a page of another origin makes the call.

    That is more than another site: one host's other ports, and other names below the same domain,
    are not us. Programs send neither header, and a browser sends `none` for what its user typed.
    """
    site = headers.get("sec-fetch-site", "none")
    if site == "none":
        return "origin" in headers and not _origin_is_ours(headers)
    return site != "same-origin"


def _origin_is_ours(headers: Headers) -> bool:
    try:
        caller = urlsplit(headers.get("origin", "")).netloc
    except ValueError:
        return False
    return bool(caller) and caller == headers.get("host")


OwnerDep = Annotated[str, Depends(current_owner)]
OperatorOnlyDep = Depends(let_operator_in)
