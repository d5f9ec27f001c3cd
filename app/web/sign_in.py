"""Sign in with an API key, once per browser.

The cookie is HttpOnly, so that no script reads it, and SameSite=Lax: other sites' forms and scripts
do not send it, while a link in a mail still opens the page. What changes something is besides only
taken from our own pages (`comes_from_our_page`).
"""

from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.access import sessions
from app.adapters import Adapters
from app.api.auth import SESSION_COOKIE, KeysDep, owner_of_key
from app.api.contract.errors import KINDS
from app.api.dependencies import AdaptersDep, SettingsDep
from app.domain.errors import RequestError, TooManyWrongKeys, Unauthorized
from app.web.html import FromOurPage, PageRoute, render, sign_in_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.api_route("/login", methods=["GET", "HEAD"])
async def sign_in_form(request: Request, keys: KeysDep) -> Response:
    """The form, for those who look for it."""
    if not keys.needed:
        return RedirectResponse("/", status_code=303)
    return sign_in_page(request, None)


@router.post("/login", dependencies=[FromOurPage])
async def sign_in(
    request: Request,
    settings: SettingsDep,
    adapters: AdaptersDep,
    keys: KeysDep,
    key: Annotated[str, Form()] = "",
    goes_on: Annotated[str, Form()] = "/",
) -> Response:
    """Check the key and begin a session, whose id is the cookie."""
    key = key.strip()
    goes_on = goes_on if _is_ours(goes_on) else "/"
    try:
        owner = owner_of_key(request, keys, key)
    except (Unauthorized, TooManyWrongKeys) as error:
        return _once_more(request, error, goes_on)
    response = RedirectResponse(goes_on, status_code=303)
    if keys.needed:
        former = request.cookies.get(SESSION_COOKIE)
        response.set_cookie(
            SESSION_COOKIE,
            await run_sync(partial(_begin, adapters, owner, former)),
            max_age=int(sessions.KEPT.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https" or settings.base_url.startswith("https://"),
        )
    return response


@router.post("/logout", dependencies=[FromOurPage])
async def sign_out(request: Request, adapters: AdaptersDep) -> Response:
    """End the session, in this browser and in the service, for every copy of the cookie."""
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie:
        await run_sync(_end, adapters, cookie)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _begin(adapters: Adapters, owner: str, former: str | None) -> str:
    # Whoever wants to delete requests on a full disk has to come in first.
    with adapters.disk.reserve_opened():
        return sessions.begin(adapters.database, owner, former=former)


def _end(adapters: Adapters, cookie: str) -> None:
    with adapters.disk.reserve_opened():
        sessions.end(adapters.database, cookie)


def _once_more(request: Request, error: RequestError, goes_on: str) -> Response:
    """The form again, with what was wrong."""
    if isinstance(error, Unauthorized):
        error = Unauthorized("That key was not accepted. Check that you copied all of it.")
    status = KINDS[type(error)].status
    values = {"error": error, "goes_on": goes_on, "signed_in": False}
    response = render(request, "sign_in.html", status=status, **values)
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _is_ours(path: str) -> bool:
    """Whether it is a path on this service: `//elsewhere` and `/\\elsewhere` are none."""
    return path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
