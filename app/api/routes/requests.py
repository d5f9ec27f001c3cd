"""Follow requests: the status of one, and the list of all."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import answer_head_too, page_json, tagged_json
from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.openapi import LINK, OF_A_REQUEST, answers, json_success
from app.api.contract.requests import RequestPage, RequestState
from app.api.dependencies import AdaptersDep, CursorQuery, LimitQuery, RequestIdPath
from app.domain.errors import OptionInvalid, ServiceUnavailable, Unauthorized
from app.domain.statuses import RequestStatus
from app.results import read

router = APIRouter(tags=["Requests"])

_ETAG = {
    "ETag": {"description": "Names this state of the status.", "schema": {"type": "string"}},
}


@router.get(
    "/status/{request_id}",
    summary="Status of a request",
    response_model=RequestState,
    responses=answers(
        {
            200: json_success("The state of the request.", examples.STATE, headers=_ETAG),
            304: {"description": "Nothing changed since the state that If-None-Match names."},
        },
        *OF_A_REQUEST,
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
    document = RequestState.model_validate(read.status(adapters, request_id, owner=owner))
    return tagged_json(request, document.model_dump_json())


@router.get(
    "/requests",
    summary="All requests",
    response_model=RequestPage,
    responses=answers(
        {
            200: json_success(
                "A page, newest first.",
                {"items": [examples.STATE], "next_cursor": None},
                headers=LINK,
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
) -> Response:
    """Requests of this API key, or of everybody where the service is open."""
    page = read.requests_page(adapters, owner=owner, cursor=cursor, limit=limit, status=status)
    return page_json(request, RequestPage.model_validate(page))


answer_head_too(router)
