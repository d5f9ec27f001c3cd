"""Follow a request and steer it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from app.api.answers import answer_head_too, page_json, tagged_json
from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.hosts import HostPage
from app.api.contract.images import ImagePage
from app.api.contract.openapi import answers, json_answer
from app.api.contract.requests import RequestPage, RequestState
from app.api.dependencies import (
    AdaptersDep,
    CodeQuery,
    CursorQuery,
    HostQuery,
    LimitQuery,
    RequestIdPath,
)
from app.domain.errors import (
    OptionInvalid,
    RequestNotFound,
    ServiceUnavailable,
    TooManyOpenImages,
    Unauthorized,
    WrongState,
)
from app.domain.statuses import ImageStatus, RequestStatus
from app.services import cancel as cancelling
from app.services import delete as deleting
from app.services import hosts, read
from app.services import retry as retrying
from app.services.chosen import TEXT_CHARS_MAX

router = APIRouter(tags=["Requests"])

_ETAG = {
    "ETag": {"description": "Names this state of the status.", "schema": {"type": "string"}},
}
_LINK = {
    "Link": {
        "description": 'Address of the next page as rel="next"; missing on the last page.',
        "schema": {"type": "string"},
    },
}
_USUAL = (Unauthorized, RequestNotFound, ServiceUnavailable)


@router.get(
    "/status/{request_id}",
    summary="Status of a request",
    response_model=None,
    responses=answers(
        {
            200: json_answer(
                "Where the request stands.", RequestState, examples.STATE, headers=_ETAG
            ),
            304: {"description": "Nothing changed since the state that If-None-Match names."},
        },
        *_USUAL,
    ),
    openapi_extra={
        "parameters": [
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "An ETag from before: answers 304 while nothing has changed.",
                "schema": {"type": "string"},
            }
        ]
    },
)
def status(
    request_id: RequestIdPath, request: Request, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """Counters, sizes and links; costs the same for ten images and for millions."""
    return tagged_json(request, read.status(adapters, request_id, owner=owner))


@router.get(
    "/requests",
    summary="All requests",
    response_model=None,
    responses=answers(
        {
            200: json_answer(
                "A page, newest first.",
                RequestPage,
                {"items": [examples.STATE], "next_cursor": None},
                headers=_LINK,
            )
        },
        Unauthorized,
        OptionInvalid,
        ServiceUnavailable,
    ),
)
def list_requests(
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
    status: Annotated[
        RequestStatus | None, Query(description="Only requests in this state.")
    ] = None,
) -> JSONResponse:
    """Requests of this API key, or of everybody where the service is open."""
    page = read.requests_page(adapters, owner=owner, cursor=cursor, limit=limit, status=status)
    return page_json(request, page)


@router.get(
    "/requests/{request_id}/images",
    summary="Images of a request",
    response_model=None,
    responses=answers(
        {
            200: json_answer(
                "A page, in the order of the file.",
                ImagePage,
                {"items": [examples.IMAGE], "next_cursor": None},
                headers=_LINK,
            )
        },
        *_USUAL,
        OptionInvalid,
    ),
)
def list_images(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
    status: Annotated[
        ImageStatus | None,
        Query(
            description="Only images in this state. pending: every image that has not ended, as "
            "images.pending of the status counts them; processing: those of them in work."
        ),
    ] = None,
    code: CodeQuery = None,
    host: HostQuery = None,
    q: Annotated[
        str | None,
        Query(
            max_length=TEXT_CHARS_MAX,
            description="Only images with this text in their product's name, serial number or URL; "
            "upper and lower case are the same.",
        ),
    ] = None,
) -> JSONResponse:
    """One entry for each distinct URL, with its result or the reason why there is none.

    The filters combine. An image that waits for its next attempt has the error of its last one, so
    `code` alone finds it, too.
    """
    page = read.images_page(
        adapters,
        request_id,
        owner=owner,
        cursor=cursor,
        limit=limit,
        status=status,
        code=code,
        host=host,
        text=q,
    )
    return page_json(request, page)


@router.get(
    "/requests/{request_id}/hosts",
    summary="Image hosts of a request",
    response_model=None,
    responses=answers(
        {
            200: json_answer(
                "A page, by the hosts' names.",
                HostPage,
                {"items": examples.HOSTS, "next_cursor": None},
                headers=_LINK,
            )
        },
        *_USUAL,
        OptionInvalid,
    ),
)
def list_hosts(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
) -> JSONResponse:
    """What is done and left on each host, and how the host takes being asked.

    After the end of the request nothing waits. A host is no longer `slowed`, and `paused` only
    until its time has come; `unreachable` stays, because a retry would meet it.
    """
    page = hosts.hosts_page(adapters, request_id, owner=owner, cursor=cursor, limit=limit)
    return page_json(request, page)


@router.post(
    "/requests/{request_id}/retry",
    summary="Try the failed images again",
    status_code=202,
    response_model=None,
    responses=answers(
        {202: json_answer("The failed images wait again.", RequestState, examples.REOPENED)},
        *_USUAL,
        WrongState,
        OptionInvalid,
        TooManyOpenImages,
    ),
)
def retry(
    request_id: RequestIdPath,
    adapters: AdaptersDep,
    owner: OwnerDep,
    code: CodeQuery = None,
    host: HostQuery = None,
) -> JSONResponse:
    """Process the failed images once more under the same id; what is done stays as it is.

    After a cancel, the cancelled images are processed, too: the request goes on where it stopped,
    whatever `code` and `host` choose among the failed ones.
    """
    document = retrying.retry(adapters, request_id, owner=owner, code=code, host=host)
    return JSONResponse(document, status_code=202)


@router.post(
    "/requests/{request_id}/cancel",
    summary="Stop a request",
    response_model=None,
    responses=answers(
        {200: json_answer("Nothing new is started.", RequestState, examples.CANCELLED)},
        *_USUAL,
        WrongState,
    ),
)
def cancel(request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep) -> JSONResponse:
    """Stop the work on a request; what is done stays, and its output CSV can be downloaded."""
    return JSONResponse(cancelling.cancel(adapters, request_id, owner=owner))


@router.delete(
    "/requests/{request_id}",
    summary="Delete a request",
    status_code=204,
    response_model=None,
    responses=answers({204: {"description": "The request is gone."}}, *_USUAL),
)
def delete(request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """Remove a request with its rows, its CSV and all its pictures."""
    deleting.delete(adapters, request_id, owner=owner)
    return Response(status_code=204)


answer_head_too(router)
