"""Every expected failure has a status, a remedy and an example; answers carry no more than that."""

import json

import pytest

from app.api.contract.errors import KINDS
from app.api.contract.problems import Problem, problem_of
from app.api.errors import http_problem_response, problem_response
from app.domain.errors import (
    CellError,
    CsvInvalid,
    RequestError,
    RequestNotFound,
    ServiceUnavailable,
    Unauthorized,
    WrongState,
)


def all_request_errors(of: type[RequestError] = RequestError) -> list[type[RequestError]]:
    classes = [one for one in of.__subclasses__() if one.__module__.startswith("app.")]
    return classes + [deeper for one in classes for deeper in all_request_errors(one)]


def test_every_request_error_is_in_the_table() -> None:
    assert set(all_request_errors()) == set(KINDS)


def test_every_request_error_has_an_example_for_the_documentation() -> None:
    assert [type(kind.example) for kind in KINDS.values()] == list(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_problem_documents_have_the_fields_of_rfc_9457(kind: type[RequestError]) -> None:
    response = problem_response(KINDS[kind].example)
    document = json.loads(bytes(response.body))
    Problem.model_validate(document)
    assert response.media_type == "application/problem+json"
    assert response.status_code == document["status"] == KINDS[kind].status
    assert document["title"] == kind.title
    assert document["code"] == kind.code
    assert document["type"] == f"/docs/errors#{kind.code}"


def test_csv_errors_stop_at_a_hundred_beside_the_true_count() -> None:
    cells = [CellError(row, "Name", "", "missing", "No name.") for row in range(2, 302)]
    document = problem_of(CsvInvalid("Many errors.", cells, 5_000))
    assert len(document["errors"]) == 100
    assert document["errors"][0] == {
        "row": 2,
        "column": "Name",
        "value": "",
        "code": "missing",
        "message": "No name.",
    }
    assert document["error_count"] == 5_000


def test_retry_after_is_answered_where_waiting_helps() -> None:
    running = WrongState("Still processing.", retry_after_seconds=7)
    assert problem_response(running).headers["Retry-After"] == "7"
    assert "Retry-After" in problem_response(ServiceUnavailable("Away.")).headers
    assert "Retry-After" not in problem_response(RequestNotFound("No.")).headers


def test_a_missing_key_says_which_scheme_is_asked_for() -> None:
    assert (
        problem_response(Unauthorized("No key.")).headers["WWW-Authenticate"].startswith("Bearer")
    )


def test_a_status_without_words_of_its_own_is_still_a_problem_document() -> None:
    document = json.loads(bytes(http_problem_response(418, "No coffee.").body))
    Problem.model_validate(document)
    assert document["status"] == 418
