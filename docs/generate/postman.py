"""The Postman collection (format v2.1) that stands beside the README."""

import json
import re
import uuid
from http import HTTPStatus
from typing import Any

from docs.generate.blocks import PageError
from docs.generate.contract import PROBLEM, Contract, Operation
from docs.generate.curl import UPLOADED_FILE

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
# Named by what it is, so that an import replaces the collection of an earlier version.
COLLECTION_ID = uuid.uuid5(uuid.NAMESPACE_URL, "image-processing-service")
VARIABLES = {
    "base_url": ("http://127.0.0.1:8000", "Where the service is."),
    "api_key": ("", "Only needed where the operator has made keys."),
    "request_id": ("", "Stored by Upload a CSV."),
    "delivery_id": ("", "Stored by Webhook deliveries of a request: the newest one."),
    "picture": ("", "Stored by Images of a request: the first picture that is done."),
}
STEERED = "Requests"
PATH_VALUES = {
    "request_id": "{{request_id}}",
    "delivery_id": "{{delivery_id}}",
    "key": "{{picture}}",
}
# What an answer leaves behind for the requests after it; each is run only for a success.
STORES = {
    "upload": [
        "if (pm.response.code === 202) {",
        '    pm.collectionVariables.set("request_id", pm.response.json().request_id);',
        "}",
    ],
    "list_webhook_deliveries": [
        "const [newest] = pm.response.code === 200 ? pm.response.json().items : [];",
        'if (newest) pm.collectionVariables.set("delivery_id", newest.id);',
    ],
    "list_images": [
        "const images = pm.response.code === 200 ? pm.response.json().items : [];",
        "const done = images.find((image) => image.output_url);",
        'if (done) pm.collectionVariables.set("picture", done.output_url.split("/images/")[1]);',
    ],
}


def collection_text(contract: Contract) -> str:
    """The collection as a file.

    Raises:
        PageError: an operation has a path parameter for which no variable stands.
    """
    info = contract.document["info"]
    collection = {
        "info": {
            "_postman_id": str(COLLECTION_ID),
            "name": info["title"],
            "description": info["description"].strip(),
            "version": info["version"],
            "schema": SCHEMA,
        },
        "auth": {
            "type": "apikey",
            "apikey": [
                {"key": "key", "value": "X-API-Key", "type": "string"},
                {"key": "value", "value": "{{api_key}}", "type": "string"},
                {"key": "in", "value": "header", "type": "string"},
            ],
        },
        "variable": [
            {"key": key, "value": value, "type": "string", "description": text}
            for key, (value, text) in VARIABLES.items()
        ],
        "item": _folders(contract),
    }
    return json.dumps(collection, indent=2, ensure_ascii=False) + "\n"


def _folders(contract: Contract) -> list[dict[str, Any]]:
    """A folder for each tag, in an order in which the whole collection can be run.

    A stream ends when its request does, so what comes after it has results to show. What changes or
    removes a request comes last of all.
    """
    actions = [each for each in contract.operations if _steers(each)]
    folders = []
    for tag in contract.document["tags"]:
        others = [
            each for each in contract.operations if each.tag == tag["name"] and not _steers(each)
        ]
        others.sort(key=lambda each: not _streams(each))
        folders.append(_folder(tag["name"], tag["description"], others))
    return [*folders, _folder("Steering", "Try again, stop, remove.", actions)]


def _folder(name: str, description: str, operations: list[Operation]) -> dict[str, Any]:
    items = [_item(each) for each in operations]
    return {"name": name, "description": description, "item": items}


def _steers(operation: Operation) -> bool:
    return operation.tag == STEERED and operation.method != "GET"


def _streams(operation: Operation) -> bool:
    return "text/event-stream" in operation.responses[operation.success].get("content", {})


def _item(operation: Operation) -> dict[str, Any]:
    request = _request(operation)
    return {
        "name": operation.summary,
        "event": [
            {
                "listen": "test",
                "script": {"type": "text/javascript", "exec": _test_script(operation)},
            }
        ],
        "request": request,
        "response": [
            _example(request, status, media_type, name, value)
            for status, response in operation.responses.items()
            for media_type, name, value in _examples(response)
        ],
    }


def _test_script(operation: Operation) -> list[str]:
    statuses = ", ".join(operation.responses)
    return [
        'pm.test("The status is one that the API describes", () => {',
        f"    pm.expect(pm.response.code).to.be.oneOf([{statuses}]);",
        "});",
        *STORES.get(operation.id, []),
    ]


def _request(operation: Operation) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": operation.method,
        "description": operation.description,
        "header": [
            {"key": each["name"], "value": "", "disabled": True, "description": _told(each)}
            for each in operation.parameters_in("header")
        ],
        "url": _url(operation),
    }
    if operation.form:
        request["body"] = {"mode": "formdata", "formdata": _form_fields(operation)}
    if not operation.takes_key:
        request["auth"] = {"type": "noauth"}
    return request


def _url(operation: Operation) -> dict[str, Any]:
    path = re.sub(r"{(\w+)}", r":\1", operation.path)
    names = re.findall(r"{(\w+)}", operation.path)
    for name in names:
        if name not in PATH_VALUES:
            raise PageError(f"docs/generate/postman.py has no PATH_VALUES for {name!r}.")
    told = {each["name"]: _told(each) for each in operation.parameters_in("path")}
    url: dict[str, Any] = {
        # Query parameters that are switched off are left out of the address as it is shown.
        "raw": "{{base_url}}" + path,
        "host": ["{{base_url}}"],
        "path": path.removeprefix("/").split("/"),
    }
    if names:
        url["variable"] = [
            {"key": name, "value": PATH_VALUES[name], "description": told.get(name, "")}
            for name in names
        ]
    query = [
        {
            "key": each["name"],
            "value": _typed(each["schema"].get("default")),
            "disabled": True,
            "description": _told(each),
        }
        for each in operation.parameters_in("query")
    ]
    return url | ({"query": query} if query else {})


def _form_fields(operation: Operation) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = []
    for name, schema in operation.form["properties"].items():
        if schema.get("format") == "binary":
            field = {"key": name, "type": "file", "src": UPLOADED_FILE}
        else:
            value = _typed(schema.get("default"))
            field = {"key": name, "type": "text", "value": value, "disabled": True}
        fields.append(field | {"description": schema.get("description", "")})
    return fields


def _examples(response: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """(media type, name, value) of every example of a response."""
    description = response["description"]
    found: list[tuple[str, str, Any]] = []
    for media_type, content in response.get("content", {}).items():
        if "example" in content:
            found.append((media_type, description, content["example"]))
        found += [
            (media_type, each["summary"], each["value"])
            for each in content.get("examples", {}).values()
        ]
    return found or [("", description, "")]


def _example(
    request: dict[str, Any], status: str, media_type: str, name: str, value: Any
) -> dict[str, Any]:
    body = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    preview = "json" if media_type in {"application/json", PROBLEM} else "text"
    return {
        "name": f"{status}: {name}",
        "originalRequest": request,
        "status": HTTPStatus(int(status)).phrase,
        "code": int(status),
        "_postman_previewlanguage": preview,
        "header": [{"key": "Content-Type", "value": media_type}] if media_type else [],
        "cookie": [],
        "body": body,
    }


def _told(parameter: dict[str, Any]) -> str:
    text: str = parameter.get("description", "")
    return text


def _typed(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
