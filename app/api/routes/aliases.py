"""Old clients' spellings, out of the schema: other addresses, 200 for an upload, two more ids."""

from fastapi import APIRouter, Request, Response

from app.api.answers import answer_head_too, json_answer, tagged_json
from app.api.auth import OwnerDep
from app.api.contract.requests import RequestState
from app.api.contract.uploads import Accepted
from app.api.dependencies import AdaptersDep
from app.api.store_threads import writes_store
from app.api.upload.calls import accepted, previewed
from app.api.upload.form import UploadDep
from app.results import read

router = APIRouter(include_in_schema=False)


class OldAccepted(Accepted):
    """With the id under one more name."""

    task_id: str


class OldState(RequestState):
    """With the id under one more name."""

    uuid: str


@router.post("/upload-csv")
@router.post("/api/upload")
@writes_store
def old_upload(upload: UploadDep, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    if upload.dry_run:
        return json_answer(previewed(upload, adapters))
    document = accepted(upload, adapters, owner)
    more = {"task_id": document.request_id}
    headers = {"Location": f"/status/{document.request_id}"}
    return json_answer(OldAccepted.model_validate(document.model_dump() | more), headers=headers)


@router.get("/check-status/{request_id}")
@router.get("/api/status/{request_id}")
def old_status(
    request_id: str, request: Request, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    document = read.status(adapters, request_id, owner=owner)
    old = OldState.model_validate(document | {"uuid": document["request_id"]})
    return tagged_json(request, old.model_dump_json())


answer_head_too(router)
