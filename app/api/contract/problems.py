"""What every error looks like."""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.api.contract.base import Document
from app.api.contract.errors import KINDS
from app.api.contract.uploads import Detected
from app.domain.errors import CsvInvalid, OptionInvalid, RequestError

PROBLEM_MEDIA_TYPE = "application/problem+json"
CSV_ERRORS_SHOWN = 100


class CellProblem(Document):
    """One thing wrong in a CSV."""

    row: int = Field(
        description="Line in the file where the record starts (the header is line 1), or row of "
        "the sheet."
    )
    column: str | None
    value: str | None
    code: str
    message: str


class DetectedOfRefused(Detected):
    """What was seen of a CSV, and the columns that may be meant."""

    candidates: list[str] | None = Field(
        None, description="Platforms whose export it may be, where these are several."
    )


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Address of the error's explanation, relative to the service.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable name of the error.")
    option: str | None = Field(None, description="Which option is meant.")
    detected: DetectedOfRefused | None = Field(
        None, description="What was seen of a CSV that cannot be used as it is."
    )
    errors: list[CellProblem] | None = Field(None, description="Up to 100 errors of a CSV.")
    error_count: int | None = Field(None, description="How many errors there are in all.")


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
