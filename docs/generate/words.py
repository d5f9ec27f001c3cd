"""JSON schemas in words."""

from typing import Any

from docs.generate.blocks import code, slug
from docs.generate.contract import Contract, ref_name

KINDS = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "null": "null",
    "object": "object",
}


def kind(contract: Contract, schema: dict[str, Any]) -> str:
    """Type and bounds of a value; a document has a link to its table."""
    if "anyOf" in schema:
        return " or ".join(kind(contract, each) for each in schema["anyOf"])
    target = contract.resolved(schema)
    if "enum" in target:
        return "one of " + ", ".join(code(each) for each in target["enum"])
    if "$ref" in schema:
        name = ref_name(schema)
        return f"[{name}](#{slug(name)})"
    if target.get("type") == "array":
        return f"list of {kind(contract, target.get('items', {}))}"
    if isinstance(target.get("additionalProperties"), dict) and target["additionalProperties"]:
        return f"object of {kind(contract, target['additionalProperties'])}"
    if target.get("format") == "date-time":
        return "moment, RFC 3339"
    if target.get("format") == "binary":
        return "file"
    return KINDS.get(target.get("type", ""), "anything") + _bounds(target)


def default(contract: Contract, schema: dict[str, Any]) -> str:
    """The default as it would be typed; empty where there is none."""
    value = schema.get("default", contract.resolved(schema).get("default"))
    if value is None:
        return ""
    return code(str(value).lower() if isinstance(value, bool) else value)


def _bounds(schema: dict[str, Any]) -> str:
    least, most = _number(schema.get("minimum")), _number(schema.get("maximum"))
    if "exclusiveMinimum" in schema:
        above = f" above {_number(schema['exclusiveMinimum'])}"
        return f"{above}, at most {most}" if most else above
    if "maxLength" in schema:
        return f" of {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    if least and most:
        return f" from {least} to {most}"
    return f", at least {least}" if least else ""


def _number(value: float | None) -> str:
    """As people write it: FastAPI has the bounds of whole numbers as 100.0."""
    if value is None:
        return ""
    return f"{int(value):,}" if value == int(value) else f"{value:g}"
