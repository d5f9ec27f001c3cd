"""CSV files to download."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import answer_head_too, csv_response
from app.api.auth import OwnerDep
from app.api.contract import csv_examples
from app.api.contract.openapi import answers, text_success
from app.api.dependencies import AdaptersDep, CodeQuery, HostQuery, RequestIdPath
from app.api.store_threads import reads_store
from app.domain.errors import (
    OptionInvalid,
    RequestNotFound,
    ServiceUnavailable,
    Unauthorized,
    WrongState,
)
from app.domain.statuses import ImageStatus
from app.results import outputs

router = APIRouter(tags=["Downloads"])


@router.get(
    "/download-output-csv/{request_id}",
    summary="Download the output CSV",
    response_class=Response,
    responses=answers(
        {200: text_success("The output CSV.", "text/csv", csv_examples.OUTPUT_CSV)},
        Unauthorized,
        RequestNotFound,
        WrongState,
        OptionInvalid,
        ServiceUnavailable,
    ),
)
@reads_store
def download_output_csv(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    partial: Annotated[
        bool, Query(description="While it is running: what there is so far.")
    ] = False,
    raw: Annotated[
        bool, Query(description="Leave cells as they came, also those that look like formulas.")
    ] = False,
) -> Response:
    """The uploaded file with the column Output Image Urls: one place for each input URL."""
    download = outputs.output_csv(adapters, request_id, owner=owner, partial=partial, raw=raw)
    return csv_response(request, download, owner=owner)


@router.get(
    "/requests/{request_id}/report.csv",
    summary="Download the report",
    response_class=Response,
    responses=answers(
        {200: text_success("One line for each image.", "text/csv", csv_examples.REPORT_CSV)},
        Unauthorized,
        RequestNotFound,
        OptionInvalid,
        ServiceUnavailable,
    ),
)
@reads_store
def download_report_csv(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    status: Annotated[
        ImageStatus | None,
        Query(description="failed: the failed rows, ready to correct and upload again."),
    ] = None,
    code: CodeQuery = None,
    host: HostQuery = None,
) -> Response:
    """Every image's result as CSV; with `status=failed` a file that can be uploaded again."""
    download = outputs.report_csv(
        adapters, request_id, owner=owner, status=status, code=code, host=host
    )
    return csv_response(request, download, owner=owner)


@router.get(
    "/download-input-csv",
    summary="Download a sample CSV",
    response_class=Response,
    responses=answers(
        {200: text_success("The sample.", "text/csv", csv_examples.INPUT_CSV)}, Unauthorized
    ),
)
def download_input_csv(request: Request, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """A small CSV that can be uploaded as it is; a start for a file of your own."""
    return csv_response(request, outputs.sample(adapters), owner=owner)


answer_head_too(router)
