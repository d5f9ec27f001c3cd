"""The OpenAPI document is complete: nobody has to guess a route, a form or an error."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from app.api.contract import examples
from app.api.contract.base import Document
from app.api.contract.deliveries import Delivery
from app.api.contract.images import ImageState
from app.api.contract.requests import RequestState
from app.api.contract.uploads import Accepted, Preview
from app.catalog.out.report import ERROR_COLUMN, REPORT_COLUMNS
from app.catalog.out.writer import OUTPUT_COLUMN
from app.config import Settings
from app.main import create_app
from app.samples.sample import sample_csv


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("openapi")
    return create_app(Settings(_env_file=None, data_dir=folder)).openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


CONTRACT = {
    "POST /upload",
    "GET /status/{request_id}",
    "GET /download-output-csv/{request_id}",
    "GET /download-input-csv",
    "GET /requests",
    "GET /requests/{request_id}/images",
    "GET /requests/{request_id}/hosts",
    "GET /requests/{request_id}/report.csv",
    "GET /requests/{request_id}/events",
    "POST /requests/{request_id}/retry",
    "POST /requests/{request_id}/cancel",
    "DELETE /requests/{request_id}",
    "GET /requests/{request_id}/webhook-deliveries",
    "POST /requests/{request_id}/webhook-deliveries/{delivery_id}/redeliver",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /images/{key}",
}


def test_the_schema_has_the_contract_and_no_old_spellings(document: dict[str, Any]) -> None:
    assert {name for name, _ in operations(document)} == CONTRACT


def test_every_route_says_what_it_does_shows_an_answer_and_its_errors(
    document: dict[str, Any],
) -> None:
    for name, operation in operations(document):
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation["tags"], name
        successes = [code for code in operation["responses"] if code.startswith("2")]
        assert successes, name
        for code in successes:
            assert code == "204" or has_example(operation["responses"][code]), (name, code)
        errors = [code for code in operation["responses"] if code[0] in "45"]
        assert errors or name == "GET /healthz", name
        for code in errors:
            content = operation["responses"][code]["content"]
            # Bad rows come as a CSV where that is asked for.
            more = {"text/csv"} if (name, code) == ("POST /upload", "422") else set()
            assert set(content) == {"application/problem+json"} | more, (name, code)
            assert has_example(operation["responses"][code]), (name, code)


def has_example(response: dict[str, Any]) -> bool:
    return all(
        content.get("example") is not None or content.get("examples")
        for content in response["content"].values()
    )


def test_operation_ids_are_short_and_used_once(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert all(one.isidentifier() and len(one) < 30 for one in ids)


def test_the_file_field_makes_a_file_picker(document: dict[str, Any]) -> None:
    body = document["paths"]["/upload"]["post"]["requestBody"]
    form = body["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["file"]["type"] == "string"
    assert form["properties"]["file"]["format"] == "binary"
    assert form["required"] == ["file"]


def test_every_option_is_both_form_field_and_query_parameter(document: dict[str, Any]) -> None:
    operation = document["paths"]["/upload"]["post"]
    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    query = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
    assert query == set(form) - {"file"}
    assert {"quality", "format", "webhook_url", "dry_run", "encoding"} <= query


def test_no_form_field_is_left_to_be_filled_with_made_up_values(document: dict[str, Any]) -> None:
    body = document["paths"]["/upload"]["post"]["requestBody"]
    fields = body["content"]["multipart/form-data"]["schema"]["properties"]
    for name in set(fields) - {"file"}:
        assert "default" in fields[name] or fields[name]["example"] == "", name


def test_keys_are_asked_for_where_the_contract_says_so(document: dict[str, Any]) -> None:
    assert set(document["components"]["securitySchemes"]) == {"Bearer", "ApiKey"}
    is_open = {name for name, operation in operations(document) if "security" not in operation}
    assert is_open == {"GET /healthz", "GET /readyz", "GET /images/{key}"}
    secured = document["paths"]["/upload"]["post"]["security"]
    assert secured == [{"Bearer": []}, {"ApiKey": []}, {}]


def test_where_keys_are_set_no_call_goes_without(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, api_keys="a-key-of-the-tests")
    upload = create_app(settings).openapi()["paths"]["/upload"]["post"]
    assert upload["security"] == [{"Bearer": []}, {"ApiKey": []}]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= known
    assert "HTTPValidationError" not in document["components"]["schemas"]


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(references(value) for value in part))
    return set()


SHOWN: list[tuple[type[Document], dict[str, Any]]] = [
    (Accepted, examples.ACCEPTED),
    (Preview, examples.PREVIEW),
    (RequestState, examples.STATE),
    (RequestState, examples.REOPENED),
    (RequestState, examples.CANCELLED),
    (ImageState, examples.IMAGE),
    (Delivery, examples.DELIVERY),
]


@pytest.mark.parametrize(("model", "example"), SHOWN)
def test_examples_are_answers_that_the_schema_allows(
    model: type[Document], example: dict[str, Any]
) -> None:
    model.model_validate(example)


@pytest.mark.parametrize(("model", "example"), SHOWN)
def test_a_document_is_written_to_the_letter_as_it_was_made(
    model: type[Document], example: dict[str, Any]
) -> None:
    made = json.dumps(example, ensure_ascii=False, separators=(",", ":"))
    assert model.model_validate(example).model_dump_json() == made


def test_the_report_is_shown_with_the_columns_that_it_has(document: dict[str, Any]) -> None:
    shown = csv_example(document, "/requests/{request_id}/report.csv", "get", "200")
    assert tuple(shown[0]) == REPORT_COLUMNS
    assert [len(row) for row in shown] == [len(REPORT_COLUMNS)] * 3


def test_the_other_csv_files_are_shown_as_they_are_written(document: dict[str, Any]) -> None:
    assert csv_example(document, "/download-input-csv", "get", "200") == list(
        csv.reader(sample_csv(examples.BASE).decode().splitlines())
    )
    header, row = csv_example(document, "/download-output-csv/{request_id}", "get", "200")
    assert header[-1] == OUTPUT_COLUMN
    assert len(row[-1].split(",")) == len(row[-2].split(","))
    header, row = csv_example(document, "/upload", "post", "422")
    assert header[-1] == ERROR_COLUMN
    assert row[-1] == "Line 3: Product Name is empty. Fill it in."


def csv_example(document: dict[str, Any], path: str, method: str, status: str) -> list[list[str]]:
    answer = document["paths"][path][method]["responses"][status]
    return list(csv.reader(answer["content"]["text/csv"]["example"].splitlines()))
