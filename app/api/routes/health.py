"""For load balancers and monitoring."""

from fastapi import APIRouter, Request, Response

from app.api.answers import answer_head_too, json_answer
from app.api.auth import OperatorOnlyDep
from app.api.contract import examples
from app.api.contract.health import Health, Readiness
from app.api.contract.openapi import answers, json_success, text_success
from app.api.dependencies import DrainingDep
from app.api.errors import problem_response
from app.domain.errors import OperatorOnly, ServiceUnavailable, Unauthorized
from app.metrics.registry import CONTENT_TYPE, Metrics
from app.upkeep import health as upkeep

router = APIRouter(tags=["Operation"])

_NOW = {"Cache-Control": "no-store"}


@router.get(
    "/healthz",
    summary="Alive",
    response_model=Health,
    responses=answers({200: json_success("The process answers.", {"status": "ok"})}),
)
async def healthz() -> Response:
    """Asks nothing of anything else: a failing database is no reason to restart this process."""
    return json_answer(Health(status="ok"), headers=_NOW)


@router.get(
    "/readyz",
    summary="Ready",
    response_model=Readiness,
    responses=answers(
        {
            200: json_success(
                "Send calls here.",
                {"status": "ok", "checks": {"database": "ok", "store": "ok", "broker": "ok"}},
            )
        },
        ServiceUnavailable,
    ),
)
async def readyz(request: Request, draining: DrainingDep) -> Response:
    """Database and store answer, uploads have room, and the process is not about to stop."""
    parts: upkeep.Readiness = request.app.state.readiness
    document = await parts.look(draining=bool(draining))
    if document["status"] == "unavailable":
        error = ServiceUnavailable("Not ready; checks tells which part.")
        return problem_response(error, checks=document["checks"])
    return json_answer(Readiness.model_validate(document), headers=_NOW)


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses=answers(
        {200: text_success("Prometheus' text format.", CONTENT_TYPE, examples.METRICS)},
        Unauthorized,
        OperatorOnly,
    ),
    dependencies=[OperatorOnlyDep],
)
def metrics(request: Request) -> Response:
    """For the operator: calls of this process by route, requests and waiting images as the database
    has them, and the work of the worker where it is a part of this process.
    """
    registry: Metrics = request.app.state.metrics
    return Response(registry.exposition(), media_type=CONTENT_TYPE, headers=_NOW)


answer_head_too(router)
