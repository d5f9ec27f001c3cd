"""The tables of settings, from `Settings` itself; `.env.example` says which belong together."""

import re
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.config import SECRETS, Settings, SettingsError, load_settings
from docs.generate.blocks import PageError, code, table

HEADER = ("variable", "type", "default", "unit", "bounds", "meaning")
UNITS = {
    "seconds": "seconds",
    "bytes": "bytes",
    "pixels": "pixels",
    "days": "days",
    "per_minute": "a minute",
    "rows": "rows",
    "images": "images",
    "attempts": "attempts",
    "processes": "processes",
    "per_host": "connections",
}
# Defaults that depend on the machine or on the folder of the project.
SPECIAL_DEFAULTS = {"data_dir": "./data", "codec_processes": "cores"}
# What a mistake looks like: really read with this value, and refused.
WRONG = (("PORT", "80000"), ("LOG_LEVEL", "loud"), ("FETCH_PORTS", "80,http"))


def configuration_blocks(example: str) -> dict[str, str]:
    """Blocks of docs/configuration.md.

    Args:
        example: the text of `.env.example`, whose sections are the groups.
    Raises:
        PageError: a setting stands in no section of it.
    """
    groups = list(_groups(example))
    for name in Settings.model_fields:
        if not any(name in names for _, names in groups):
            raise PageError(f".env.example has no line for {name.upper()}: add it to a section.")
    parts = []
    for title, names in groups:
        rows = [_row(name, Settings.model_fields[name]) for name in names]
        parts.append(f"### {title}\n\n{table(HEADER, rows)}")
    return {"settings": "\n\n".join(parts), "mistakes": _mistakes()}


def _groups(example: str) -> Iterator[tuple[str, list[str]]]:
    sections = re.split(r"^# --- (.+) ---$", example, flags=re.MULTILINE)
    for title, lines in zip(sections[1::2], sections[2::2], strict=True):
        found = [name.lower() for name in re.findall(r"^#([A-Z0-9_]+)=", lines, re.MULTILINE)]
        yield title, [name for name in found if name in Settings.model_fields]


def _row(name: str, field: FieldInfo) -> tuple[str, ...]:
    return (
        code(name.upper()),
        kind_in_words(name, field),
        _default(name, field),
        next((unit for ending, unit in UNITS.items() if name.endswith(ending)), ""),
        bounds_in_words(field),
        field.description or "",
    )


def kind_in_words(name: str, field: FieldInfo) -> str:
    """The type of a setting as an operator would say it."""
    kinds = {int: "whole number", float: "number", str: "text", bool: "true or false"}
    kinds |= {SecretStr: "text"}
    inner = _without_none(field.annotation)
    if get_origin(inner) is tuple:
        words = "comma list"
    elif get_origin(inner) is Literal:
        words = "one of " + ", ".join(code(each) for each in get_args(inner))
    else:
        words = kinds.get(inner, "folder" if "Path" in str(inner) else "text")
    return f"{words}, secret" if name.upper() in SECRETS else words


def bounds_in_words(field: FieldInfo) -> str:
    """The limits of a number, or of the length of a text; empty where there are none."""
    limits: dict[str, Any] = {}
    for each in field.metadata:
        for bound in ("ge", "gt", "le", "min_length", "max_length"):
            if getattr(each, bound, None) is not None:
                limits[bound] = getattr(each, bound)
    if "max_length" in limits:
        return f"{limits.get('min_length', 0)} to {limits['max_length']} characters"
    most = f"{limits['le']:,}" if "le" in limits else ""
    if "gt" in limits:
        return f"above {limits['gt']:,}" + (f", at most {most}" if most else "")
    if "ge" in limits:
        return f"{limits['ge']:,} to {most}" if most else f"at least {limits['ge']:,}"
    return f"at most {most}" if most else ""


def _default(name: str, field: FieldInfo) -> str:
    if name in SPECIAL_DEFAULTS:
        return code(SPECIAL_DEFAULTS[name])
    if field.default is None or field.default == ():
        return "unset"
    value = field.default
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(f"{value:g}" if isinstance(value, float) else value)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [each for each in get_args(annotation) if each is not type(None)]
        return rest[0] if len(rest) == 1 else annotation
    return annotation


def _mistakes() -> str:
    lines = []
    for name, value in WRONG:
        try:
            load_settings(_env_file=None, **{name.lower(): value})
        except SettingsError as error:
            lines.append(f"$ {name}={value} ./run.sh\n{error}")
        else:
            raise PageError(f"{name}={value} is no mistake any more: choose another example.")
    return "```text\n" + "\n".join(lines) + "\n```"
