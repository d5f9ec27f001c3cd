"""The OpenAPI document: what FastAPI derives, with problem details and examples made complete."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic.json_schema import models_json_schema

from app.api.contract.errors import KINDS
from app.api.contract.problems import PROBLEM_MEDIA_TYPE, CellProblem, Problem, problem_of
from app.domain.errors import (
    RequestError,
    RequestNotFound,
    ServiceUnavailable,
    Unauthorized,
)

TITLE = "Image Processing Service"
DESCRIPTION = """
A CSV of products with image URLs in, the same CSV with URLs of compressed images out.

1. `POST /upload` a CSV and get a `request_id`.
2. Follow it at `GET /status/{request_id}`, by its events, or let a webhook tell.
3. `GET /download-output-csv/{request_id}`.

Every error is an RFC 9457 problem document; `/docs/errors` explains each `code`.
"""
TAGS = [
    {"name": "Upload", "description": "Hand in a CSV."},
    {"name": "Requests", "description": "Follow a request and steer it."},
    {"name": "Downloads", "description": "CSV files and pictures."},
    {"name": "Webhooks", "description": "Delivery log of each request's webhooks."},
    {"name": "Operation", "description": "For load balancers and monitoring."},
]

# How every route about one request may refuse.
OF_A_REQUEST = (Unauthorized, RequestNotFound, ServiceUnavailable)
# A header of every list.
LINK = {
    "Link": {
        "description": 'Address of the next page as rel="next"; missing on the last page.',
        "schema": {"type": "string"},
    },
}


def answers(
    success: dict[int | str, dict[str, Any]], *problems: type[RequestError]
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its successes as given, and each error class with an example."""
    responses: dict[int | str, dict[str, Any]] = dict(success)
    for kind in problems:
        rule = KINDS[kind]
        answer = responses.setdefault(
            rule.status,
            {
                "description": kind.title,
                "content": {
                    PROBLEM_MEDIA_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "examples": {},
                    }
                },
            },
        )
        named = {kind.code: {"summary": kind.title, "value": problem_of(rule.example)}}
        answer["content"][PROBLEM_MEDIA_TYPE]["examples"].update(named)
        if rule.waits:
            answer["headers"] = {
                "Retry-After": {
                    "description": "Seconds after which to ask again.",
                    "schema": {"type": "integer", "minimum": 0},
                }
            }
    return responses


def json_success(description: str, example: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One success that is a JSON document, of the route's `response_model` or of a `model`."""
    return {
        "description": description,
        "content": {"application/json": {"example": example}},
        **more,
    }


def text_success(description: str, media_type: str, example: str, **schema: Any) -> dict[str, Any]:
    """One success that is text, such as a CSV."""
    content = {"schema": {"type": "string", **schema}, "example": example}
    return {"description": description, "content": {media_type: content}}


def operation_id(route: APIRoute) -> str:
    """The handler's name: short, and stable for generated clients."""
    return route.name


def install_openapi(app: FastAPI, *, keys_needed: Callable[[], bool]) -> None:
    """Let `/openapi.json` answer the completed document.

    Args:
        keys_needed: whether this service refuses calls without an API key now; the operator may
            make the first one while it runs.
    """
    documents: dict[bool, dict[str, Any]] = {}

    def build() -> dict[str, Any]:
        needed = keys_needed()
        if needed not in documents:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            _restore_examples(app, document)
            _complete(document, keys_needed=needed)
            documents[needed] = document
        return documents[needed]

    app.openapi = build  # type: ignore[method-assign]


def _restore_examples(app: FastAPI, document: dict[str, Any]) -> None:
    """Put the examples back as the routes have them.

    FastAPI drops every null on the way into its document, also those inside of examples, and then
    an example lacks fields that its own schema wants.
    """
    for route in iter_route_contexts(app.routes):
        if route.path_format not in document["paths"] or not route.include_in_schema:
            continue
        for method in route.methods or ():
            shown = document["paths"][route.path_format][method.lower()]["responses"]
            for status, response in route.responses.items():
                for media_type, content in response.get("content", {}).items():
                    for key in content.keys() & {"example", "examples"}:
                        shown[str(status)]["content"][media_type][key] = content[key]


def _complete(document: dict[str, Any], *, keys_needed: bool) -> None:
    _, definitions = models_json_schema(
        [(Problem, "serialization"), (CellProblem, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(definitions["$defs"])
    # FastAPI adds its own form of a 422 to every route with a parameter; ours never looks so.
    for path in document["paths"].values():
        for operation in path.values():
            default = operation["responses"].get("422", {}).get("content", {})
            if "HTTPValidationError" in str(default.get("application/json")):
                del operation["responses"]["422"]
            if not keys_needed and "security" in operation:
                # An empty entry is OpenAPI's word for "or nothing at all".
                operation["security"].append({})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
