"""Templates, the headers of every page, and what a failure looks like in a browser."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from app.adapters import Adapters
from app.api.auth import comes_from_our_page
from app.api.contract.errors import KINDS, upload_too_large
from app.api.errors import retry_after_seconds, unavailable
from app.config import Settings
from app.domain.errors import (
    DatabaseUnavailable,
    OptionInvalid,
    RequestError,
    StoreError,
    Unauthorized,
)
from app.storage.base import Store
from app.web import assets, words

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(asset=assets.address, words=words)
_templates.filters.update(
    number=words.number, size=words.size, moment=words.moment, encoding_name=words.encoding_name
)


class ForeignForm(Exception):
    """A form that does not come from one of our pages."""


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page or a part of one."""
    adapters: Adapters = request.app.state.adapters
    settings: Settings = adapters.settings
    text = _templates.get_template(template).render(
        **{"signed_in": request.app.state.keys.needed, "base_url": settings.base_url} | values
    )
    headers = {
        "Content-Security-Policy": _policy(adapters.store),
        "Cache-Control": "private, no-store",
        "Vary": "HX-Request",
    }
    return HTMLResponse(text, status_code=status, headers=headers)


def own_address(settings: Settings, url: str) -> str:
    """A link of ours as a path, so that it works under whatever name the browser called us."""
    return url.removeprefix(settings.base_url) if url.startswith(f"{settings.base_url}/") else url


def _policy(store: Store) -> str:
    parts = urlsplit(store.public_url("x"))
    # data: is for the small icons of Pico's style sheet; pictures may be in a bucket.
    images = f"img-src 'self' data: {parts.scheme}://{parts.netloc}"
    return (
        f"default-src 'self'; {images}; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


async def only_from_our_page(request: Request) -> None:
    """What every form that changes something depends on.

    Raises:
        ForeignForm: another site's page sent it.
    """
    if not comes_from_our_page(request):
        raise ForeignForm


FromOurPage = Depends(only_from_our_page)


class PageRoute(APIRoute):
    """Answers expected failures as pages for people, where the API answers problem documents."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        answer = super().get_route_handler()

        async def answer_people(request: Request) -> Response:
            try:
                return await answer(request)
            except Unauthorized as error:
                return sign_in_page(request, error)
            except RequestError as error:
                return problem_page(request, error)
            except ForeignForm:
                return render(request, "foreign.html", status=403)
            except (DatabaseUnavailable, StoreError) as error:
                return problem_page(request, unavailable(error))
            except HTTPException as error:
                if error.status_code != 413:
                    raise
                settings: Settings = request.app.state.settings
                return problem_page(request, upload_too_large(settings.max_upload_bytes))

        return answer_people


def problem_page(request: Request, error: RequestError) -> HTMLResponse:
    """An expected failure in words, with the status that the API gives it."""
    status = KINDS[type(error)].status
    template = "_problem.html" if is_fragment(request) else "problem.html"
    response = render(request, template, status=status, error=error, code=status)
    if isinstance(error, OptionInvalid):
        # Whatever was to be loaded: a wrong choice is said beside the choices, and those stay.
        response.headers["HX-Retarget"] = "#problem"
    seconds = retry_after_seconds(error)
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response


def sign_in_page(request: Request, error: Unauthorized | None) -> HTMLResponse:
    """The form that asks for an API key, in the place of the page that was asked for."""
    if is_fragment(request):
        # htmx reloads the whole page, and that one is the form.
        return HTMLResponse(status_code=401, headers={"HX-Refresh": "true"})
    path = request.url.path
    goes_on = path if request.method in {"GET", "HEAD"} and path != "/login" else "/"
    query = f"?{request.url.query}" if goes_on == path and request.url.query else ""
    # `/` is open, as far as it goes: whoever comes there first has done nothing wrong.
    return render(
        request,
        "sign_in.html",
        status=200 if path in {"/", "/login"} else 401,
        goes_on=goes_on + query,
        error=error if path != "/" and request.method == "POST" else None,
        signed_in=False,
    )
