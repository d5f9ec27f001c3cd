"""RFC 9457 problem details for everything that fails, and what makes them of an exception."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.api.contract.errors import (
    DATABASE_AWAY,
    HTTP_KINDS,
    STORE_AWAY,
    HttpKind,
    upload_too_large,
)
from app.api.contract.problems import PROBLEM_MEDIA_TYPE, problem_document, problem_of
from app.domain.errors import (
    DatabaseUnavailable,
    OptionInvalid,
    RequestError,
    ServiceUnavailable,
    StoreError,
    Unauthorized,
)
from app.domain.retry import CALL_AGAIN_SOON_SECONDS

log = structlog.get_logger(__name__)


def problem_response(error: RequestError, **extensions: Any) -> JSONResponse:
    """The whole answer to an expected failure."""
    document = problem_of(error) | extensions
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    seconds = retry_after_seconds(error)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return _answer(document, headers)


def retry_after_seconds(error: RequestError) -> int | None:
    """When to ask again, where waiting helps."""
    if isinstance(error, ServiceUnavailable) and error.retry_after_seconds is None:
        return CALL_AGAIN_SOON_SECONDS
    return error.retry_after_seconds


def unavailable(error: DatabaseUnavailable | StoreError) -> ServiceUnavailable:
    """Write into the log which part of ours is away; the answer to the caller says less."""
    if isinstance(error, DatabaseUnavailable):
        log.error("database_unavailable", reason=str(error))
        return ServiceUnavailable(DATABASE_AWAY)
    log.error("store_unavailable", reason=str(error))
    return ServiceUnavailable(STORE_AWAY)


def http_problem_response(
    status: int, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The answer to what the framework refuses, or to a bug (500)."""
    kind = HTTP_KINDS.get(status, HttpKind(f"http_{status}", "Refused", ""))
    document = problem_document(code=kind.code, status=status, title=kind.title, detail=detail)
    return _answer(document, headers or {})


def install_error_handlers(app: FastAPI, *, max_upload_bytes: int) -> None:
    """Answer every failure inside the application as a problem document."""

    @app.exception_handler(RequestError)
    async def request_error(_: Request, error: RequestError) -> JSONResponse:
        return problem_response(error)

    @app.exception_handler(DatabaseUnavailable)
    @app.exception_handler(StoreError)
    async def part_unavailable(_: Request, error: DatabaseUnavailable | StoreError) -> JSONResponse:
        return problem_response(unavailable(error))

    @app.exception_handler(RequestValidationError)
    async def validation_error(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem_response(_option_error(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 413:
            return problem_response(upload_too_large(max_upload_bytes))
        if error.status_code == 404:
            detail = f"No route answers at {request.url.path[:200]}; see /docs for all of them."
            return http_problem_response(404, detail)
        if error.status_code == 405:
            allowed = ", ".join(_methods_of(request)) or "GET, HEAD"
            detail = f"{request.method} is not possible here; {allowed} is."
            return http_problem_response(405, detail, {"Allow": allowed})
        return http_problem_response(
            error.status_code, str(error.detail), dict(error.headers or {})
        )


def _answer(document: dict[str, Any], headers: dict[str, str]) -> JSONResponse:
    return JSONResponse(
        document,
        status_code=document["status"],
        headers={"Cache-Control": "no-store", **headers},
        media_type=PROBLEM_MEDIA_TYPE,
    )


def _methods_of(request: Request) -> list[str]:
    """Every method that some route answers at the address of this request."""
    methods = []
    for method in ("GET", "HEAD", "POST", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] == Match.FULL for route in request.app.router.routes):
            methods.append(method)
    return methods


def _option_error(error: RequestValidationError) -> OptionInvalid:
    """The first thing wrong with the parameters, as one sentence."""
    first = error.errors()[0]
    option = str(first["loc"][-1])
    reason = str(first["msg"]).removeprefix("Input ")
    given = first.get("input")
    shown = f" is {str(given)[:100]!r}, but" if isinstance(given, str | int | float) else ":"
    return OptionInvalid(f"{option}{shown} {reason[0].lower()}{reason[1:]}.", option=option)
