"""Steer a request: try again, stop, delete."""

from fastapi import APIRouter, Response

from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.openapi import OF_A_REQUEST, answers, json_success
from app.api.contract.requests import RequestState
from app.api.dependencies import AdaptersDep, CodeQuery, HostQuery, RequestIdPath
from app.domain.errors import OptionInvalid, TooManyOpenImages, WrongState
from app.ending import cancel as cancelling
from app.ending import retry as retrying
from app.upkeep import delete as deleting

router = APIRouter(tags=["Requests"])


@router.post(
    "/requests/{request_id}/retry",
    summary="Try the failed images again",
    status_code=202,
    responses=answers(
        {202: json_success("The failed images wait again.", examples.REOPENED)},
        *OF_A_REQUEST,
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
) -> RequestState:
    """Process the failed images once more under the same id; what is done stays as it is.

    After a cancel, the cancelled images are processed as well: the request goes on from there,
    whatever `code` and `host` choose among the failed ones.
    """
    document = retrying.retry(adapters, request_id, owner=owner, code=code, host=host)
    return RequestState.model_validate(document)


@router.post(
    "/requests/{request_id}/cancel",
    summary="Stop a request",
    responses=answers(
        {200: json_success("Nothing new is started.", examples.CANCELLED)},
        *OF_A_REQUEST,
        WrongState,
    ),
)
def cancel(request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep) -> RequestState:
    """Stop the work on a request; what is done stays, and its output CSV can be downloaded."""
    return RequestState.model_validate(cancelling.cancel(adapters, request_id, owner=owner))


@router.delete(
    "/requests/{request_id}",
    summary="Delete a request",
    status_code=204,
    response_model=None,
    responses=answers({204: {"description": "The request is gone."}}, *OF_A_REQUEST),
)
def delete(request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """Remove a request with its rows, its CSV and all its pictures."""
    deleting.delete(adapters, request_id, owner=owner)
    return Response(status_code=204)
