"""One table from error class to status, and RFC 9457 problem details for everything that fails."""

from dataclasses import asdict, dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.domain.errors import (
    CsvInvalid,
    DatabaseUnavailable,
    IdempotencyMismatch,
    NotACsv,
    OptionInvalid,
    RequestError,
    RequestNotFound,
    ServiceUnavailable,
    StoreError,
    TooManyOpenImages,
    TooManyUploads,
    Unauthorized,
    UploadMissing,
    UploadTooLarge,
    WrongState,
)
from app.domain.retry import CALL_AGAIN_SOON_SECONDS

log = structlog.get_logger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"
CSV_ERRORS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """What a class of errors is answered with, and what the caller can do about it."""

    status: int
    remedy: str


KINDS: dict[type[RequestError], Kind] = {
    UploadMissing: Kind(
        400, "Send the CSV as multipart/form-data in one file field with the name file."
    ),
    UploadTooLarge: Kind(413, "Split the CSV, or ask the operator to raise MAX_UPLOAD_BYTES."),
    NotACsv: Kind(415, "Save the table as CSV (UTF-8) in your spreadsheet and upload that file."),
    CsvInvalid: Kind(
        422, "Correct the cells that errors names (row 1 is the header) and upload again."
    ),
    OptionInvalid: Kind(422, "Use a value within the bounds that detail names."),
    RequestNotFound: Kind(
        404, "Look at the id; a deleted request and one of another API key are not found either."
    ),
    WrongState: Kind(409, "Look at the status; where a Retry-After is given, ask again then."),
    IdempotencyMismatch: Kind(422, "Use a new Idempotency-Key for another file or other options."),
    Unauthorized: Kind(401, "Send Authorization: Bearer KEY or X-API-Key: KEY."),
    TooManyUploads: Kind(429, "Ask again after the Retry-After."),
    TooManyOpenImages: Kind(
        429, "Ask again after the Retry-After, when some of the key's images are done."
    ),
    ServiceUnavailable: Kind(503, "Nothing was lost; ask again after the Retry-After."),
}

# What has no error class of ours: the framework says it by status alone.
HTTP_KINDS: dict[int, tuple[str, str, str]] = {
    400: ("bad_request", "The request cannot be read", "Look at the request's form."),
    404: ("route_not_found", "There is nothing at this address", "All routes stand at /docs."),
    405: ("method_not_allowed", "Not with this method", "Use a method that Allow names."),
    500: (
        "internal_error",
        "Something went wrong in the service",
        "Tell the operator the X-Request-ID of the answer; it stands in the log.",
    ),
}


def problem_document(
    *, code: str, status: int, title: str, detail: str, **extensions: Any
) -> dict[str, Any]:
    """The body of an error answer; `type` resolves to the code's place on `/docs/errors`."""
    return {
        "type": f"/docs/errors#{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **extensions,
    }


def problem_of(error: RequestError) -> dict[str, Any]:
    """The problem document of an expected failure."""
    extensions: dict[str, Any] = {}
    if isinstance(error, CsvInvalid):
        extensions["errors"] = [asdict(cell) for cell in error.errors[:CSV_ERRORS_SHOWN]]
        extensions["error_count"] = error.error_count
        if error.detected is not None:
            extensions["detected"] = error.detected
    if isinstance(error, OptionInvalid):
        extensions["option"] = error.option
    return problem_document(
        code=error.code,
        status=KINDS[type(error)].status,
        title=error.title,
        detail=error.detail,
        **extensions,
    )


def problem_response(error: RequestError, **extensions: Any) -> JSONResponse:
    """The whole answer to an expected failure."""
    document = problem_of(error) | extensions
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    retry_after_seconds = error.retry_after_seconds
    if isinstance(error, ServiceUnavailable) and retry_after_seconds is None:
        retry_after_seconds = CALL_AGAIN_SOON_SECONDS
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(retry_after_seconds)
    return _answer(document, headers)


def http_problem_response(
    status: int, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The answer to what the framework refuses, or to a bug (500)."""
    code, title, _ = HTTP_KINDS.get(status, (f"http_{status}", "Refused", ""))
    document = problem_document(code=code, status=status, title=title, detail=detail)
    return _answer(document, headers or {})


def install_error_handlers(app: FastAPI, *, max_upload_bytes: int) -> None:
    """Answer every failure inside the application as a problem document."""

    @app.exception_handler(RequestError)
    async def request_error(_: Request, error: RequestError) -> JSONResponse:
        return problem_response(error)

    @app.exception_handler(DatabaseUnavailable)
    async def database_unavailable(_: Request, error: DatabaseUnavailable) -> JSONResponse:
        log.error("database_unavailable", reason=str(error))
        return problem_response(ServiceUnavailable("The database does not answer right now."))

    @app.exception_handler(StoreError)
    async def store_unavailable(_: Request, error: StoreError) -> JSONResponse:
        log.error("store_unavailable", reason=str(error))
        return problem_response(ServiceUnavailable("The file store does not answer right now."))

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


def upload_too_large(max_upload_bytes: int) -> UploadTooLarge:
    """The failure of a body above the limit, wherever that is noticed."""
    return UploadTooLarge(
        f"The upload has more than the {max_upload_bytes:,} bytes that are accepted; split the CSV."
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
