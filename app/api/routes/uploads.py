"""`POST /upload`: hand in a CSV."""

import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.api.answers import csv_response
from app.api.auth import OwnerDep
from app.api.contract import examples
from app.api.contract.openapi import answers, json_answer, text_answer
from app.api.contract.uploads import Accepted, Preview
from app.api.dependencies import AdaptersDep
from app.api.upload.form import (
    IDEMPOTENCY_HEADER,
    PROCESSING_OPTIONS,
    SWITCHES,
    TEXT_OPTIONS,
    Upload,
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
from app.services.adapters import Adapters
from app.services.bad_rows import bad_rows_csv
from app.services.outputs import Download
from app.services.preview import preview
from app.services.submit import submit

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
        "description": "The CSV, or an Excel workbook (XLSX), whose first sheet is read.",
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
            202: json_answer(
                "The upload is kept and will be processed.",
                Accepted,
                examples.ACCEPTED,
                headers={
                    "Location": {
                        "description": "Where its status is.",
                        "schema": {"type": "string"},
                    }
                },
            ),
            200: json_answer(
                "With dry_run: what was found; nothing was stored.", Preview, examples.PREVIEW
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
    bad_rows = text_answer("All bad rows.", "text/csv", examples.BAD_ROWS_CSV)
    responses[422]["content"] |= bad_rows["content"]
    return responses


@router.post(
    "/upload",
    summary="Upload a CSV",
    status_code=202,
    response_model=None,
    responses=_documented_answers(),
    openapi_extra=_documented_form(),
)
def upload(request: Request, upload: UploadDep, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """Check the whole file, keep it, and start to process its images.

    Options stand in form fields or in query parameters; an empty one counts as not given, an
    unknown one is refused. Where rows have errors, a call with `Accept: text/csv` is answered with
    all of them as a CSV, each with its error, to correct and to upload again.
    """
    try:
        if upload.dry_run:
            return JSONResponse(preview_document(upload, adapters))
        document = accepted_document(upload, adapters, owner)
    except CsvInvalid:
        if not _wants_csv(request.headers.get("accept", "")):
            raise
        answer = csv_response(request, bad_rows_download(upload, adapters))
        answer.status_code = 422
        answer.headers["Vary"] = "Accept"
        return answer
    location = f"/status/{document['request_id']}"
    return JSONResponse(document, status_code=202, headers={"Location": location})


def bad_rows_download(upload: Upload, adapters: Adapters) -> Download:
    """Every row with an error; raises CsvInvalid where it is not a question of single rows."""
    return bad_rows_csv(
        adapters.settings,
        content=upload.content,
        filename=upload.filename,
        encoding=upload.encoding,
        columns=upload.columns,
        base_url=upload.base_url,
    )


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


def preview_document(upload: Upload, adapters: Adapters) -> dict[str, Any]:
    """What was found in the file, without keeping it."""
    return preview(
        adapters.settings,
        content=upload.content,
        filename=upload.filename,
        options=upload.options,
        reading=upload.reading,
    )


def accepted_document(upload: Upload, adapters: Adapters, owner: str) -> dict[str, Any]:
    """Keep the file; the answer that promises it."""
    return submit(
        adapters,
        content=upload.content,
        filename=upload.filename,
        options=upload.options,
        webhook_url=upload.webhook_url,
        owner=owner,
        idempotency_key=upload.idempotency_key,
        reading=upload.reading,
    )
