"""The images of a request."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import answer_head_too, page_json
from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.images import ImagePage
from app.api.contract.openapi import LINK, OF_A_REQUEST, answers, json_success
from app.api.dependencies import (
    AdaptersDep,
    CodeQuery,
    CursorQuery,
    HostQuery,
    LimitQuery,
    RequestIdPath,
)
from app.domain.errors import OptionInvalid
from app.domain.statuses import ImageStatus
from app.results import read
from app.results.selection import TEXT_CHARS_MAX

router = APIRouter(tags=["Requests"])


@router.get(
    "/requests/{request_id}/images",
    summary="Images of a request",
    response_model=ImagePage,
    responses=answers(
        {
            200: json_success(
                "A page, in the order of the file.",
                {"items": [examples.IMAGE], "next_cursor": None},
                headers=LINK,
            )
        },
        *OF_A_REQUEST,
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
) -> Response:
    """One entry for each distinct URL, with its result or the reason why there is none.

    The filters combine. An image that waits for its next attempt has the error of its last one, so
    `code` alone also finds it.
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
    return page_json(request, ImagePage.model_validate(page))


answer_head_too(router)
