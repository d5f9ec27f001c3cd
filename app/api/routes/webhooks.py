"""What was told to whom about a request."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from app.api.answers import answer_head_too
from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.deliveries import Delivery, DeliveryList
from app.api.contract.openapi import answers, json_answer
from app.api.dependencies import AdaptersDep, RequestIdPath
from app.domain.errors import RequestNotFound, ServiceUnavailable, Unauthorized
from app.services import deliver

router = APIRouter(tags=["Webhooks"])

_USUAL = (Unauthorized, RequestNotFound, ServiceUnavailable)


@router.get(
    "/requests/{request_id}/webhook-deliveries",
    summary="Webhook deliveries of a request",
    response_model=None,
    responses=answers(
        {
            200: json_answer(
                "Every delivery with its attempts.", DeliveryList, {"items": [examples.DELIVERY]}
            )
        },
        *_USUAL,
    ),
)
def list_webhook_deliveries(
    request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep
) -> JSONResponse:
    """Every message about this request and what the receiver answered to each attempt."""
    return JSONResponse(deliver.deliveries(adapters, request_id, owner=owner))


@router.post(
    "/requests/{request_id}/webhook-deliveries/{delivery_id}/redeliver",
    summary="Deliver once more",
    status_code=202,
    response_model=None,
    responses=answers(
        {202: json_answer("It will be sent again.", Delivery, examples.DELIVERY)},
        *_USUAL,
    ),
)
def redeliver_webhook(
    request_id: RequestIdPath,
    delivery_id: Annotated[
        str, Path(description="id of the delivery.", examples=[examples.DELIVERY_ID])
    ],
    adapters: AdaptersDep,
    owner: OwnerDep,
) -> JSONResponse:
    """Send the same message under the same webhook-id again, whatever came of it before."""
    document = deliver.redeliver(adapters, request_id, delivery_id, owner=owner)
    return JSONResponse(document, status_code=202)


answer_head_too(router)
