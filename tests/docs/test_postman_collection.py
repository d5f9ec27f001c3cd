"""The Postman collection: well formed, complete, one with OpenAPI, and its requests work."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from docs.generate.contract import PROBLEM, Contract, Operation
from tests.docs.conftest import KEY
from tests.docs.pages import ROOT
from tests.docs.postman_format import COLLECTION
from tests.docs.scene import Scene, check_document
from tests.integration.api.parts import Service

DOCUMENT: dict[str, Any] = json.loads(
    (ROOT / "image_processing.postman_collection.json").read_text(encoding="utf-8")
)
ITEMS: list[dict[str, Any]] = [item for folder in DOCUMENT["item"] for item in folder["item"]]
NAMES = [item["name"] for item in ITEMS]


def route(item: dict[str, Any]) -> tuple[str, str]:
    """(method, path) as OpenAPI writes them."""
    path = "/" + "/".join(item["request"]["url"]["path"])
    return item["request"]["method"], re.sub(r":(\w+)", r"{\1}", path)


def operation_of(contract: Contract, item: dict[str, Any]) -> Operation:
    return next(each for each in contract.operations if (each.method, each.path) == route(item))


def keys(parameters: list[dict[str, Any]]) -> list[str]:
    return [each["key"] for each in parameters]


def names(parameters: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in parameters]


def test_the_file_has_the_format_v2_1() -> None:
    errors = Draft202012Validator(COLLECTION).iter_errors(DOCUMENT)
    assert [f"{error.json_path}: {error.message}"[:300] for error in errors] == []


def test_each_operation_of_openapi_is_there_once_and_nothing_else(contract: Contract) -> None:
    assert sorted(map(route, ITEMS)) == sorted(
        (each.method, each.path) for each in contract.operations
    )
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("item", ITEMS, ids=NAMES)
def test_parameters_and_form_fields_are_those_of_openapi(
    item: dict[str, Any], contract: Contract
) -> None:
    request, operation = item["request"], operation_of(contract, item)
    url = request["url"]
    assert keys(url.get("variable", [])) == names(operation.parameters_in("path"))
    assert keys(url.get("query", [])) == names(operation.parameters_in("query"))
    assert keys(request["header"]) == names(operation.parameters_in("header"))
    fields = request.get("body", {}).get("formdata", [])
    assert keys(fields) == list(operation.form.get("properties", {}))
    files = [field["key"] for field in fields if field["type"] == "file"]
    assert files == (["file"] if operation.form else [])
    # What is optional is switched off until somebody wants it; what is needed is switched on.
    needed = operation.form.get("required", [])
    assert [field["key"] for field in fields if not field.get("disabled")] == needed
    assert all(each["disabled"] for each in [*url.get("query", []), *request["header"]])
    assert ("auth" in request) == (not operation.takes_key)


@pytest.mark.parametrize("item", ITEMS, ids=NAMES)
def test_every_documented_answer_has_an_example_that_its_schema_allows(
    item: dict[str, Any], contract: Contract
) -> None:
    operation = operation_of(contract, item)
    assert {str(each["code"]) for each in item["response"]} == set(operation.responses)
    for example in item["response"]:
        response = operation.responses[str(example["code"])]
        media_types = [header["value"] for header in example["header"]]
        assert set(media_types) <= set(response.get("content", {}))
        if {"application/json", PROBLEM} & set(media_types):
            check_document(contract, response, media_types[0], json.loads(example["body"]))


def test_the_upload_stores_the_id_for_the_requests_after_it() -> None:
    upload = next(item for item in ITEMS if route(item) == ("POST", "/upload"))
    script = "\n".join(upload["event"][0]["script"]["exec"])
    assert 'pm.collectionVariables.set("request_id", pm.response.json().request_id)' in script
    variables = keys(DOCUMENT["variable"])
    assert {"base_url", "api_key", "request_id"} <= set(variables)
    used = set(re.findall(r"{{(\w+)}}", json.dumps(DOCUMENT)))
    assert used <= set(variables)


@pytest.mark.parametrize("item", ITEMS, ids=NAMES)
def test_the_request_works_as_it_stands(
    item: dict[str, Any], contract: Contract, scene: Scene
) -> None:
    operation = operation_of(contract, item)
    request_id = scene.request_for(operation)
    answer = send(item, scene.service, scene.csv, api_key="", **stored(scene, request_id))
    assert str(answer.status_code) == operation.success, answer.text
    response = operation.responses[operation.success]
    for media_type in response.get("content", {}):
        assert answer.headers["content-type"].startswith(media_type.partition(";")[0])
        if media_type == "application/json":
            check_document(contract, response, media_type, answer.json())


@pytest.mark.parametrize("item", ITEMS, ids=NAMES)
def test_the_key_goes_along_where_one_is_needed(
    item: dict[str, Any], contract: Contract, guarded: Service
) -> None:
    nothing = {"request_id": "none", "delivery_id": "none", "picture": "none"}
    answer = send(item, guarded, b"", api_key=KEY, **nothing)
    assert answer.status_code != 401
    if operation_of(contract, item).takes_key:
        assert send(item, guarded, b"", api_key="wrong", **nothing).status_code == 401


def stored(scene: Scene, request_id: str) -> dict[str, str]:
    """What the scripts of the requests before would have stored."""
    return {
        "request_id": request_id,
        "delivery_id": scene.delivery_of(request_id).get("id", ""),
        "picture": f"{request_id}/2-1-blue-shirt.jpg",
    }


def send(item: dict[str, Any], service: Service, csv: bytes, **variables: str) -> httpx.Response:
    """Send a request of the collection as Postman does."""
    request = item["request"]
    values = {"base_url": service.base_url, **variables}

    def filled(text: str) -> str:
        return re.sub(r"{{(\w+)}}", lambda match: values[match[1]], text)

    in_path = {each["key"]: each["value"] for each in request["url"].get("variable", [])}
    url = re.sub(r"/:(\w+)", lambda match: "/" + in_path[match[1]], request["url"]["raw"])
    headers = {} if "auth" in request else dict(_key_header(filled))
    fields = [each for each in _fields(request) if not each.get("disabled")]
    return httpx.request(
        request["method"],
        filled(url),
        headers=headers,
        files={each["key"]: (each["src"], csv) for each in fields if each["type"] == "file"},
        timeout=30,
    )


def _key_header(filled: Any) -> Iterator[tuple[str, str]]:
    parts = {each["key"]: filled(each["value"]) for each in DOCUMENT["auth"]["apikey"]}
    assert parts["in"] == "header"
    yield parts["key"], parts["value"]


def _fields(request: dict[str, Any]) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = request.get("body", {}).get("formdata", [])
    return fields
