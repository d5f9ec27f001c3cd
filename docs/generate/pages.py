"""The blocks of docs/api.md."""

import json
from typing import Any

from app.api.contract.errors import HTTP_KINDS, KINDS
from app.domain import errors
from app.web.words import REASONS
from docs.generate import words
from docs.generate.blocks import PageError, code, slug, table
from docs.generate.contract import Contract, Operation, ref_name
from docs.generate.curl import curl_line

FENCES = {"application/json": "json", "text/csv": "csv"}


def api_blocks(contract: Contract) -> dict[str, str]:
    """A block for each operation by its id, and the tables that belong to all of them."""
    blocks = {each.id: _operation_block(contract, each) for each in contract.operations}
    return blocks | {
        "routes": _routes(contract),
        "problems": _problems(contract),
        "image-errors": _image_errors(),
        "documents": _documents(contract),
    }


def _routes(contract: Contract) -> str:
    rows = [
        (f"[{code(each.heading)}](#{slug(each.heading)})", each.summary)
        for each in contract.operations
    ]
    return table(("route", "what it is"), rows)


def _operation_block(contract: Contract, operation: Operation) -> str:
    parts = [
        f"### {code(operation.heading)}",
        " ".join(operation.description.split("\n\n")[0].split()),
        f"```bash\n{curl_line(operation)}\n```",
    ]
    parts += [" ".join(each.split()) for each in operation.description.split("\n\n")[1:]]
    if operation.form:
        parts.append(_form(contract, operation))
    if shown := _parameters(contract, operation):
        parts.append(shown)
    parts += _successes(operation)
    if operation.problems():
        named = [f"[{code(name)}](#problems) {status}" for status, name, _ in operation.problems()]
        parts.append(f"Errors: {', '.join(named)}.")
    if not operation.takes_key:
        parts.append("Needs no API key.")
    return "\n\n".join(parts)


def _form(contract: Contract, operation: Operation) -> str:
    rows = [
        (
            code(name),
            words.kind(contract, schema),
            words.default(contract, schema),
            schema.get("description", ""),
        )
        for name, schema in operation.form["properties"].items()
    ]
    return table(("form field", "type", "default", "meaning"), rows)


def _parameters(contract: Contract, operation: Operation) -> str:
    fields = operation.form.get("properties", {})
    query = operation.parameters_in("query")
    also = all(each["name"] in fields for each in query)
    shown = operation.parameters_in("header") + ([] if fields and also else query)
    rows = [
        (
            code(each["name"]),
            each["in"],
            words.kind(contract, _given(each["schema"])),
            words.default(contract, each["schema"]),
            each.get("description", ""),
        )
        for each in shown
    ]
    found = table(("parameter", "in", "type", "default", "meaning"), rows) if rows else ""
    if fields and query and also:
        found += "\n\nEach field but the file may also be a query parameter of the same name."
    return found


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema without the null that stands for leaving it out."""
    rest = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    return rest[0] if len(rest) == 1 else schema


def _successes(operation: Operation) -> list[str]:
    parts = []
    for status, response in operation.responses.items():
        if status[0] not in "23":
            continue
        content = response.get("content", {})
        answer = f"**{status}** {response['description']}"
        for media_type, each in content.items():
            schema = each.get("schema", {})
            if "$ref" in schema:
                answer += f" Document: [{ref_name(schema)}](#{slug(ref_name(schema))})."
            else:
                answer += f" As {code(media_type)}."
        headers = [
            f"Header {code(name)}: {header['description']}"
            for name, header in response.get("headers", {}).items()
        ]
        parts.append(" ".join([answer, *headers]))
        parts += [_example(kind, each) for kind, each in content.items() if _is_text(kind)]
    return parts


def _is_text(media_type: str) -> bool:
    return not media_type.startswith("image/")


def _example(media_type: str, content: dict[str, Any]) -> str:
    value = content["example"]
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    fence = FENCES.get(media_type, "text")
    body = text.replace("\r\n", "\n").rstrip("\n")
    return f"<details><summary>Example</summary>\n\n```{fence}\n{body}\n```\n\n</details>"


def _problems(contract: Contract) -> str:
    examples = {name: value for each in contract.operations for _, name, value in each.problems()}
    rows = []
    for kind, rule in KINDS.items():
        detail = examples[kind.code]["detail"] if kind.code in examples else ""
        rows.append((code(kind.code), str(rule.status), kind.title, rule.remedy, detail))
    for status, http_kind in HTTP_KINDS.items():
        rows.append((code(http_kind.code), str(status), http_kind.title, http_kind.remedy, ""))
    unknown = set(examples) - {kind.code for kind in KINDS}
    if unknown:
        raise PageError(
            f"OpenAPI shows the errors {unknown}, which app/api/contract/errors.py has not."
        )
    example = json.dumps(_csv_problem(contract), indent=2, ensure_ascii=False)
    codes = table(("`code`", "status", "title", "what to do", "`detail`, for example"), rows)
    return f"{codes}\n\nThe errors of a CSV come together, up to 100:\n\n```json\n{example}\n```"


def _csv_problem(contract: Contract) -> dict[str, Any]:
    name = errors.CsvInvalid.code
    found = (each for operation in contract.operations for each in operation.problems())
    return next(value for _, each, value in found if each == name)


def _image_errors() -> str:
    retryable = {
        each.code for each in _subclasses(errors.ImageError) | {errors.ImageError} if each.retryable
    }
    rows = [
        (
            code(name),
            REASONS[name].happened,
            REASONS[name].remedy,
            "yes" if name in retryable else "",
        )
        for name in errors.IMAGE_ERROR_CODES
    ]
    return table(("code", "what happened", "what to do", "tried again by itself"), rows)


def _subclasses(kind: type[errors.ImageError]) -> set[type[errors.ImageError]]:
    below = set(kind.__subclasses__())
    return below.union(*(_subclasses(each) for each in below))


def _documents(contract: Contract) -> str:
    parts = []
    for name, schema in contract.document["components"]["schemas"].items():
        if "enum" in schema:
            continue
        needed = set(schema.get("required", []))
        rows = [
            (
                code(field),
                words.kind(contract, each) + ("" if field in needed else ", or left out"),
                each.get("description", ""),
            )
            for field, each in schema.get("properties", {}).items()
        ]
        title = " ".join(schema.get("description", "").split())
        parts.append(f"### {name}\n\n{title}\n\n" + table(("field", "type", "meaning"), rows))
    return "\n\n".join(parts)
