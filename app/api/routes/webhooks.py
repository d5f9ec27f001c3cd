"""The delivery log of a request's webhooks."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.answers import answer_head_too
from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.deliveries import Delivery, DeliveryList
from app.api.contract.openapi import OF_A_REQUEST, answers, json_success
from app.api.dependencies import AdaptersDep, RequestIdPath
from app.ending import deliver

router = APIRouter(tags=["Webhooks"])


@router.get(
    "/requests/{request_id}/webhook-deliveries",
    summary="Webhook deliveries of a request",
    responses=answers(
        {200: json_success("Every delivery with its attempts.", {"items": [examples.DELIVERY]})},
        *OF_A_REQUEST,
    ),
)
def list_webhook_deliveries(
    request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep
) -> DeliveryList:
    """Every message about this request and what the receiver answered to each attempt."""
    return DeliveryList.model_validate(deliver.deliveries(adapters, request_id, owner=owner))


@router.post(
    "/requests/{request_id}/webhook-deliveries/{delivery_id}/redeliver",
    summary="Redeliver a webhook",
    status_code=202,
    responses=answers(
        {202: json_success("It will be sent again.", examples.DELIVERY)},
        *OF_A_REQUEST,
    ),
)
def redeliver_webhook(
    request_id: RequestIdPath,
    delivery_id: Annotated[
        str, Path(description="id of the delivery.", examples=[examples.DELIVERY_ID])
    ],
    adapters: AdaptersDep,
    owner: OwnerDep,
) -> Delivery:
    """Send the same message under the same webhook-id again, whatever came of it before."""
    document = deliver.redeliver(adapters, request_id, delivery_id, owner=owner)
    return Delivery.model_validate(document)


answer_head_too(router)
