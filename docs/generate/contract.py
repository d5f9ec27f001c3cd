"""The OpenAPI document of the service, cut into what pages and collections are made of."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config import Settings
from app.main import create_app
from docs.generate.blocks import PageError

FORM = "multipart/form-data"
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Operation:
    """One method of one path; `responses`, `parameters` and `form` are OpenAPI's own objects."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    tag: str
    parameters: list[dict[str, Any]]
    form: dict[str, Any]
    responses: dict[str, dict[str, Any]]
    # Whether an API key is asked for where the operator has made any.
    takes_key: bool

    @property
    def heading(self) -> str:
        """How the route is called in headings."""
        return f"{self.method} {self.path}"

    @property
    def success(self) -> str:
        """The status of the usual success."""
        named = [status for status in self.responses if status.startswith("2")]
        # With two of them the 200 is the variant, such as a dry run.
        return max(named)

    def parameters_in(self, place: str) -> list[dict[str, Any]]:
        """The parameters that stand in `path`, `query` or `header`."""
        return [each for each in self.parameters if each["in"] == place]

    def problems(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(status, code, example) of every error."""
        return [
            (status, name, example["value"])
            for status, response in self.responses.items()
            for name, example in response.get("content", {})
            .get(PROBLEM, {})
            .get("examples", {})
            .items()
        ]


@dataclass(frozen=True)
class Contract:
    """The whole document and its operations in their order."""

    document: dict[str, Any]
    operations: list[Operation]

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema that a reference leads to, or the schema itself."""
        if "$ref" not in schema:
            return schema
        found: dict[str, Any] = self.document["components"]["schemas"][ref_name(schema)]
        return found


def load_contract() -> Contract:
    """Ask the application; it connects to nothing for that, and no environment changes the answer.

    Raises:
        PageError: an operation lacks what the documents are made of.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), api_keys=())
        app = create_app(settings)
    document = app.openapi()
    return Contract(
        document,
        [
            _operation(method.upper(), path, found)
            for path, methods in document["paths"].items()
            for method, found in methods.items()
        ],
    )


def ref_name(schema: dict[str, Any]) -> str:
    """The name of the schema that a `$ref` leads to."""
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _operation(method: str, path: str, found: dict[str, Any]) -> Operation:
    missing = {"operationId", "summary", "description", "tags", "responses"} - set(found)
    if missing:
        raise PageError(f"{method} {path} has no {', '.join(sorted(missing))} in OpenAPI.")
    content = found.get("requestBody", {}).get("content", {})
    if set(content) - {FORM}:
        raise PageError(f"{method} {path} takes {set(content)}; only {FORM} can be shown.")
    return Operation(
        id=found["operationId"],
        method=method,
        path=path,
        summary=found["summary"],
        description=found["description"],
        tag=found["tags"][0],
        parameters=found.get("parameters", []),
        form=content.get(FORM, {}).get("schema", {}),
        responses=found["responses"],
        takes_key="security" in found,
    )
