"""`/`: drop a CSV, see what is in it, start; and what was done before."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.adapters import Adapters
from app.api.answers import csv_response
from app.api.auth import OwnerDep
from app.api.dependencies import AdaptersDep
from app.api.store_threads import writes_store
from app.api.upload import calls
from app.domain.errors import CsvInvalid
from app.domain.formats import output_choices
from app.domain.options import ProcessingOptions
from app.results import read
from app.web.curl import upload_command
from app.web.html import FromOurPage, PageRoute, is_fragment, render
from app.web.start import sample
from app.web.start.form import PageUploadDep
from app.web.start.preview import Preview, look_into

router = APIRouter(route_class=PageRoute, include_in_schema=False)

REQUESTS_SHOWN = 8


@router.api_route("/", methods=["GET", "HEAD"])
def home(
    request: Request, adapters: AdaptersDep, owner: OwnerDep, cursor: str | None = None
) -> Response:
    """The start page; with a cursor, older requests."""
    return _home(request, adapters, owner, cursor=cursor)


@router.post("/preview", dependencies=[FromOurPage])
def preview(
    request: Request, upload: PageUploadDep, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """What is in the file; nothing is stored."""
    found = look_into(adapters.settings, upload)
    if is_fragment(request):
        return render(request, "start/_preview.html", preview=found)
    return _home(request, adapters, owner, preview=found, options=upload.options)


@router.post("/preview/bad-rows.csv", dependencies=[FromOurPage])
def bad_rows(
    request: Request, upload: PageUploadDep, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """Every row with an error, and the error beside it: to correct and to upload again."""
    return csv_response(request, calls.bad_rows(upload, adapters), owner=owner)


@router.post("/start", dependencies=[FromOurPage])
@writes_store
def start(
    request: Request, upload: PageUploadDep, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """Keep the file, begin, and go to the request's own page."""
    try:
        document = calls.accepted(upload, adapters, owner)
    except CsvInvalid:
        if is_fragment(request):
            # The page has the preview with every error before its eyes already.
            raise
        found = look_into(adapters.settings, upload)
        options = upload.options
        return _home(request, adapters, owner, preview=found, options=options, status=422)
    return _go_on(request, document.request_id)


@router.post("/sample", dependencies=[FromOurPage])
@writes_store
def start_with_sample(request: Request, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """A request with pictures that this service serves itself."""
    return _go_on(request, sample.submit_sample(adapters, owner=owner))


def _go_on(request: Request, request_id: str) -> Response:
    address = f"/r/{request_id}"
    if is_fragment(request):
        return Response(headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=303)


def _home(
    request: Request,
    adapters: Adapters,
    owner: str,
    *,
    cursor: str | None = None,
    preview: Preview | None = None,
    options: ProcessingOptions | None = None,
    status: int = 200,
) -> Response:
    settings = adapters.settings
    page = read.requests_page(
        adapters, owner=owner, cursor=cursor, limit=REQUESTS_SHOWN, status=None
    )
    values: dict[str, Any] = {
        "preview": preview,
        "requests": page,
        "is_first_page": cursor is None,
        "options": options or ProcessingOptions(keep_originals=True),
        "formats": output_choices(),
        "max_upload_bytes": settings.max_upload_bytes,
        "max_rows": settings.max_rows,
        "has_room": adapters.disk.takes_uploads(),
        "webhook_is_preset": settings.webhook_url is not None,
        "curl": upload_command(request, "products.csv", {}),
    }
    return render(request, "start/home.html", status=status, **values)
