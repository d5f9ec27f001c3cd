"""Lists within a cell, as JSON, Python or Postgres write them, and where their items are."""

import re
from dataclasses import dataclass, field

from app.catalog.cells.hidden import revealed, with_unescaped
from app.catalog.cells.urls import BEGINNING, looks_like_path, looks_like_url

Span = tuple[int, int]

_TOKEN = re.compile(
    r"\s*+(?:(?P<string>\"[^\"\\]*+(?:\\.[^\"\\]*+)*\"|'[^'\\]*+(?:\\.[^'\\]*+)*')"
    r"|(?P<open>[\[({])|(?P<close>[\])}])|(?P<colon>:)|(?P<comma>[,;])"
    r"|(?P<none>null|none|nan|undefined)\b|(?P<bare>true\b|false\b|-?\d[\d.eE+-]*+))",
    re.IGNORECASE | re.DOTALL,
)
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_NO_TOKEN = re.compile(r"\s*\Z")
_BARE_LIST = re.compile(r"\s*(?:\[([^\[\]]*+)\]|\{([^{}]*+)\}|\((.*)\))\s*\Z", re.DOTALL)
_DEEPEST = 20


@dataclass(slots=True)
class _Open:
    """A bracket that is not closed yet; `values` are those of an object, by whatever key."""

    closing: str
    is_object: bool = False
    values: list[Span] = field(default_factory=list)


def list_items(cell: str) -> list[Span] | None:
    """Where the strings of a list are, without their quotes; None: the cell is no whole list.

    An object gives its one address, `[{"src":"https://…","alt":"Mug"}]`. With several in one, it
    cannot be said which one is the picture and which its thumbnail: None.
    """
    items = _items(cell)
    if items is not None:
        return items
    bare = _BARE_LIST.match(cell)
    if bare is None or '"' in cell or bare.lastindex is None:
        return None
    start, end = bare.span(bare.lastindex)
    return [(start, end)] if BEGINNING.match(cell[start:end].lstrip()) else None


def _items(cell: str) -> list[Span] | None:
    items: list[Span] = []
    opened: list[_Open] = []
    at = 0
    while (token := _TOKEN.match(cell, at)) is not None:
        at = token.end()
        top = opened[-1] if opened else None
        if token["open"]:
            opened.append(_Open(_CLOSING[token["open"]]))
            if len(opened) > _DEEPEST:
                return None
        elif token["close"]:
            if top is None or top.closing != token["close"]:
                return None
            opened.pop()
            if top.is_object and not _close(cell, top, opened, items):
                return None
        elif token["string"]:
            span = (token.start("string") + 1, at - 1)
            if top is not None and top.closing == "}" and _is_key(cell, at):
                top.is_object = True
            elif any(each.is_object for each in opened):
                next(each for each in reversed(opened) if each.is_object).values.append(span)
            else:
                items.append(span)
        elif (token["bare"] or token["colon"]) and not any(each.is_object for each in opened):
            return None
    return items if not opened and _NO_TOKEN.match(cell, at) else None


def _is_key(cell: str, at: int) -> bool:
    token = _TOKEN.match(cell, at)
    return token is not None and token["colon"] is not None


def _close(cell: str, closed: _Open, opened: list[_Open], items: list[Span]) -> bool:
    """Give the address of an object to what is around it; False: it has several."""
    outer = next((each for each in reversed(opened) if each.is_object), None)
    if outer is not None:
        outer.values += closed.values
        return True
    texts = {span: revealed(with_unescaped(cell[slice(*span)])) for span in closed.values}
    found = [span for span, text in texts.items() if looks_like_url(text)]
    found = found or [span for span, text in texts.items() if looks_like_path(text)]
    items += found
    return len(found) <= 1
