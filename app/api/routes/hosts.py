"""The image hosts of a request."""

from fastapi import APIRouter, Request, Response

from app.api.answers import answer_head_too, page_json
from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.hosts import HostPage
from app.api.contract.openapi import LINK, OF_A_REQUEST, answers, json_success
from app.api.dependencies import AdaptersDep, CursorQuery, LimitQuery, RequestIdPath
from app.domain.errors import OptionInvalid
from app.results import hosts

router = APIRouter(tags=["Requests"])


@router.get(
    "/requests/{request_id}/hosts",
    summary="Image hosts of a request",
    response_model=HostPage,
    responses=answers(
        {
            200: json_success(
                "A page, by the hosts' names.",
                {"items": examples.HOSTS, "next_cursor": None},
                headers=LINK,
            )
        },
        *OF_A_REQUEST,
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
) -> Response:
    """What is done and left on each host, and how the host takes being asked.

    After the end of the request nothing waits. A host is no longer `slowed`, and `paused` only
    until its time has come; `unreachable` stays, because a retry would meet it.
    """
    page = hosts.hosts_page(adapters, request_id, owner=owner, cursor=cursor, limit=limit)
    return page_json(request, HostPage.model_validate(page))


answer_head_too(router)
