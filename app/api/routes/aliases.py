"""Old clients' spellings, out of the schema: other addresses, 200 for an upload, two more ids."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.api.answers import answer_head_too, tagged_json
from app.api.auth import OwnerDep
from app.api.dependencies import AdaptersDep
from app.api.routes.uploads import accepted_document, preview_document
from app.api.upload.form import UploadDep
from app.services import read

router = APIRouter(include_in_schema=False)


@router.post("/upload-csv")
@router.post("/api/upload")
def old_upload(upload: UploadDep, adapters: AdaptersDep, owner: OwnerDep) -> JSONResponse:
    if upload.dry_run:
        return JSONResponse(preview_document(upload, adapters))
    document = accepted_document(upload, adapters, owner)
    request_id = document["request_id"]
    headers = {"Location": f"/status/{request_id}"}
    return JSONResponse(document | {"task_id": request_id}, headers=headers)


@router.get("/check-status/{request_id}")
@router.get("/api/status/{request_id}")
def old_status(
    request_id: str, request: Request, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    document = read.status(adapters, request_id, owner=owner)
    return tagged_json(request, document | {"uuid": document["request_id"]})


answer_head_too(router)
