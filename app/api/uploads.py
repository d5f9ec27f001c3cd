"""`POST /upload`: hand in a CSV."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from app.api import examples
from app.api.auth import OwnerDep
from app.api.dependencies import AdaptersDep
from app.api.form import (
    IDEMPOTENCY_HEADER,
    PROCESSING_OPTIONS,
    SWITCHES,
    TEXT_OPTIONS,
    Upload,
    UploadDep,
    plain_schema,
)
from app.api.openapi import answers, json_answer
from app.api.schemas import Accepted, Preview
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
from app.services import submit as service
from app.services.adapters import Adapters

router = APIRouter(tags=["Upload"])


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
        "description": "The CSV.",
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


@router.post(
    "/upload",
    summary="Upload a CSV",
    status_code=202,
    response_model=None,
    responses=answers(
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
    ),
    openapi_extra=_documented_form(),
)
def upload(upload: UploadDep, adapters: AdaptersDep, owner: OwnerDep) -> JSONResponse:
    """Check the whole file, keep it, and start to process its images.

    Options stand in form fields or in query parameters; an empty one counts as not given, an
    unknown one is refused.
    """
    if upload.dry_run:
        return JSONResponse(preview_document(upload, adapters))
    document = accepted_document(upload, adapters, owner)
    location = f"/status/{document['request_id']}"
    return JSONResponse(document, status_code=202, headers={"Location": location})


def preview_document(upload: Upload, adapters: Adapters) -> dict[str, Any]:
    """What was found in the file, without keeping it."""
    return service.preview(
        adapters,
        content=upload.content,
        filename=upload.filename,
        options=upload.options,
        encoding=upload.encoding,
        accept_valid_rows=upload.accept_valid_rows,
    )


def accepted_document(upload: Upload, adapters: Adapters, owner: str) -> dict[str, Any]:
    """Keep the file; the answer that promises it."""
    return service.submit(
        adapters,
        content=upload.content,
        filename=upload.filename,
        options=upload.options,
        webhook_url=upload.webhook_url,
        owner=owner,
        idempotency_key=upload.idempotency_key,
        encoding=upload.encoding,
        accept_valid_rows=upload.accept_valid_rows,
    )
