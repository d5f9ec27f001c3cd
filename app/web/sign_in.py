"""Sign in with an API key, once per browser.

The cookie is HttpOnly, so that no script reads it, and SameSite=Lax: other sites' forms and scripts
do not send it, while a link in a mail still opens the page. What changes something is besides only
taken from our own pages (`comes_from_our_page`).
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.access.key_ring import session_of
from app.api.auth import SESSION_COOKIE, KeysDep
from app.api.dependencies import SettingsDep
from app.domain.errors import Unauthorized
from app.web.html import FromOurPage, PageRoute, render, sign_in_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)

SECONDS_KEPT = 30 * 24 * 3600


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
    keys: KeysDep,
    key: Annotated[str, Form()] = "",
    goes_on: Annotated[str, Form()] = "/",
) -> Response:
    """Check the key and remember it in a cookie."""
    key = key.strip()
    goes_on = goes_on if _is_ours(goes_on) else "/"
    try:
        keys.owner_of(key)
    except Unauthorized:
        error = Unauthorized("That key was not accepted. Check that you copied all of it.")
        values = {"error": error, "goes_on": goes_on, "signed_in": False}
        return render(request, "sign_in.html", status=401, **values)
    response = RedirectResponse(goes_on, status_code=303)
    if keys.needed:
        response.set_cookie(
            SESSION_COOKIE,
            session_of(key),
            max_age=SECONDS_KEPT,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https" or settings.base_url.startswith("https://"),
        )
    return response


@router.post("/logout", dependencies=[FromOurPage])
async def sign_out() -> Response:
    """Forget the key in this browser."""
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _is_ours(path: str) -> bool:
    """Whether it is a path on this service: `//elsewhere` and `/\\elsewhere` are none."""
    return path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
