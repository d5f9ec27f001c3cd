"""`POST /upload`: hand in a CSV."""

import re
from typing import Any

from fastapi import APIRouter, Request, Response

from app.api.answers import csv_response, json_answer
from app.api.auth import OwnerDep
from app.api.contract import csv_examples, examples
from app.api.contract.openapi import answers, json_success, text_success
from app.api.contract.uploads import Accepted, Preview
from app.api.dependencies import AdaptersDep
from app.api.store_threads import writes_store
from app.api.upload.calls import accepted, bad_rows, previewed
from app.api.upload.form import (
    IDEMPOTENCY_HEADER,
    PROCESSING_OPTIONS,
    SWITCHES,
    TEXT_OPTIONS,
    UploadDep,
    plain_schema,
)
from app.domain.errors import (
    CsvInvalid,
    IdempotencyMismatch,
    NotACsv,
    OptionInvalid,
    ServiceUnavailable,
    TooManyOpenImages,
    TooManyUploads,
    Unauthorized,
    UploadMissing,
    UploadTooLarge,
)

router = APIRouter(tags=["Upload"])

_WEIGHT = re.compile(r"(?:^|;)\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)")


def _option_schemas() -> dict[str, dict[str, Any]]:
    return {
        **{name: plain_schema(name) for name in PROCESSING_OPTIONS},
        **{name: {"type": "string", "description": text} for name, text in TEXT_OPTIONS.items()},
        **{
            name: {"type": "boolean", "default": False, "description": text}
            for name, text in SWITCHES.items()
        },
    }


def _documented_form() -> dict[str, Any]:
    """The form as the schema shows it; it is read by `form.py`, not by FastAPI."""
    file = {
        "type": "string",
        # `format` is OpenAPI 3.0's word, `contentMediaType` 3.1's; tools know one or the other.
        "format": "binary",
        "contentMediaType": "application/octet-stream",
        "description": "The CSV, or an Excel workbook (XLSX), of which one sheet is read.",
    }
    options = _option_schemas()
    query = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": f"As the form field {name}, which wins where both are given.",
            "schema": {key: value for key, value in schema.items() if key != "default"},
        }
        for name, schema in options.items()
    ]
    idempotency = {
        "name": IDEMPOTENCY_HEADER,
        "in": "header",
        "required": False,
        "description": "A repeat with the same key and file within 24 hours gets the first answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"},
    }
    # Swagger UI makes up values ("string", 1) for fields that have neither default nor example;
    # an empty field counts as not given.
    fields = {
        name: schema if "default" in schema else {**schema, "example": ""}
        for name, schema in options.items()
    }
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": file, **fields},
        "additionalProperties": False,
    }
    return {
        "parameters": [idempotency, *query],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
    }


def _documented_answers() -> dict[int | str, dict[str, Any]]:
    responses = answers(
        {
            202: json_success(
                "The upload is kept and will be processed.",
                examples.ACCEPTED,
                headers={
                    "Location": {
                        "description": "Where its status is.",
                        "schema": {"type": "string"},
                    }
                },
            ),
            200: json_success(
                "With dry_run: what was found; nothing was stored.",
                examples.PREVIEW,
                model=Preview,
            ),
        },
        UploadMissing,
        Unauthorized,
        UploadTooLarge,
        NotACsv,
        CsvInvalid,
        OptionInvalid,
        IdempotencyMismatch,
        TooManyUploads,
        TooManyOpenImages,
        ServiceUnavailable,
    )
    as_csv = text_success("All bad rows.", "text/csv", csv_examples.BAD_ROWS_CSV)
    responses[422]["content"] |= as_csv["content"]
    return responses


@router.post(
    "/upload",
    summary="Upload a CSV",
    status_code=202,
    response_model=Accepted,
    responses=_documented_answers(),
    openapi_extra=_documented_form(),
)
@writes_store
def upload(request: Request, upload: UploadDep, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """Check the whole file, keep it, and start to process its images.

    Options are form fields or query parameters; an empty one counts as not given, an
    unknown one is refused. Where rows have errors, a call with `Accept: text/csv` is answered with
    all of them as a CSV, each with its error, to correct and to upload again.
    """
    try:
        if upload.dry_run:
            return json_answer(previewed(upload, adapters))
        document = accepted(upload, adapters, owner)
    except CsvInvalid:
        if not _wants_csv(request.headers.get("accept", "")):
            raise
        answer = csv_response(request, bad_rows(upload, adapters), owner=owner)
        answer.status_code = 422
        answer.headers["Vary"] = "Accept"
        return answer
    headers = {"Location": f"/status/{document.request_id}"}
    return json_answer(document, status_code=202, headers=headers)


def _wants_csv(accept: str) -> bool:
    """Whether an Accept header names text/csv and nothing before it (RFC 9110, 12.5.1)."""
    weights: dict[str, float] = {}
    for each in accept.lower().split(","):
        kind, _, parameters = each.partition(";")
        match = _WEIGHT.search(parameters)
        weights[kind.strip()] = float(match.group(1)) if match else 1.0
    wanted = weights.get("text/csv", 0.0)
    json = max(weights.get("application/json", 0.0), weights.get("application/problem+json", 0.0))
    return wanted > 0 and wanted >= json
