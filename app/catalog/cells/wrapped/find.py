"""Addresses that are wrapped in something else: which form it is, and where they are in the cell.

A form is known by the whole cell: where something is left over, it is none, so that nothing in a
cell is passed over.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.catalog.cells.urls import (
    BEGINNING,
    SEPARATORS,
    WIDE_SEPARATORS,
    contains_url,
    ends_as_picture,
)
from app.catalog.cells.wrapped.forms import Form
from app.catalog.cells.wrapped.lists import Span, list_items
from app.catalog.cells.wrapped.web_page import addresses_of_tags

# What a cell of each form begins with; that of names may begin with anything.
_FIRST = frozenset("[{(<!\"'=+@")

_TARGET = r"\(\s*<?((?:[^\s()<>]++|\([^\s()<>]*+\))+)>?(?:\s+(?:\"[^\"]*+\"|'[^']*+'))?\s*\)"
_MARKDOWN = re.compile(rf"\[\s*!\[[^\]]*+\]{_TARGET}\s*\]\([^()]*+\)|!?\[[^\]]*+\]{_TARGET}")
_BETWEEN = re.compile(f"[{re.escape(SEPARATORS)}]*+")

# As Excel, LibreOffice and Google Sheets call them in their languages.
_IMAGE = "image|bild|imagen|imagem|immagine|afbeelding|obraz|obrázek|billede|bilde|kuva|изображение"
_LINK = (
    r"hyperlink|hyperlien|lien_hypertexte|hiperv[ií]nculo|hiperlink|hiperliga[cç][aã]o|hiperłącze"
    r"|collegamento\.ipertestuale|collegipertestuale|hypertextov[yý]\.odkaz|hyperkobling|hyperlänk"
    r"|hyperlinkki|köprü|гиперссылка|hiperhivatkozás"
)
# The text goes on with the next value or ends: with "&" behind it, it is only a piece.
_TEXT = r"\(\s*+(\"++)([^\"]++)\"++\s*+(?=[,;)])"
_FORMULA = re.compile(
    rf"\s*+'?[=+@]++\s*+(?:_xlfn\.)?(?:{_IMAGE}|{_LINK})\s*+{_TEXT}.*\)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
# =HYPERLINK("https://page", IMAGE("https://picture"))
_INNER = re.compile(rf"(?<=[,;\s])(?:_xlfn\.)?(?:{_IMAGE})\s*+{_TEXT}", re.IGNORECASE)

_OPENING = re.compile(r"\((?=(?:https?:)?//)", re.IGNORECASE)
_CLOSING = re.compile(rf"\)(?=\s*+(?:[,;|{WIDE_SEPARATORS}]|\Z)|[^\S\r\n]*+[\r\n])")
_MAX_CLOSINGS_TRIED = 5


class Wrapped(NamedTuple):
    """The form of a cell, and where in it its addresses are (or paths, or what is wrong)."""

    form: Form
    spans: list[Span]


def may_be_wrapped(cell: str) -> bool:
    """Whether `unwrapped` has to look at a cell: few have a parenthesis or begin so."""
    return "(" in cell or (cell[:1] != "h" and cell.lstrip(SEPARATORS)[:1] in _FIRST)


def unwrapped(cell: str) -> Wrapped | None:
    """The addresses of a cell that has them in one of the forms; None: it has none of these.

    An empty list has no addresses.
    """
    for form, read in _BY_FIRST.get(cell.lstrip(SEPARATORS)[:1], _OTHERS):
        spans = read(cell)
        if spans is not None:
            return Wrapped(form, spans)
    return None


def _markdown(cell: str) -> list[Span] | None:
    spans: list[Span] = []
    at = _behind_separators(cell, 0)
    while at < len(cell):
        found = _MARKDOWN.match(cell, at)
        if found is None:
            return None
        spans.append(found.span(found.lastindex or 0))
        at = _behind_separators(cell, found.end())
    return spans or None


def _formula(cell: str) -> list[Span] | None:
    found = _FORMULA.match(cell)
    if found is None:
        return None
    inner = _INNER.search(cell, found.end(2))
    return [(inner or found).span(2)]


def _named(cell: str) -> list[Span] | None:
    spans = list(_in_parentheses(cell))
    if not spans or cell[spans[-1][1] + 1 :].strip(SEPARATORS):
        return None
    behind = 0
    for start, end in spans:
        name = cell[behind : start - 1]
        others = re.split(r"[,;|]", name)[:-1]
        if contains_url(name) or BEGINNING.search(name) or any(map(ends_as_picture, others)):
            return None
        behind = end + 1
    return spans


def _in_parentheses(cell: str) -> Iterator[Span]:
    """Where addresses in parentheses are; a parenthesis closes where a separator is behind it."""
    at = 0
    while (opening := _OPENING.search(cell, at)) is not None:
        start = opening.end()
        end = _end_of_parentheses(cell, start)
        if end is None:
            return
        yield start, end
        at = end + 1


def _end_of_parentheses(cell: str, start: int) -> int | None:
    first = None
    at = start
    for _ in range(_MAX_CLOSINGS_TRIED):
        closing = _CLOSING.search(cell, at)
        if closing is None:
            break
        end = closing.start()
        first = end if first is None else first
        if cell.count("(", start, end) == cell.count(")", start, end):
            return end
        at = end + 1
    return first


def _behind_separators(cell: str, at: int) -> int:
    found = _BETWEEN.match(cell, at)
    return found.end() if found else at


_Form = tuple[Form, Callable[[str], list[Span] | None]]
_MARKDOWNS: _Form = (Form.MARKDOWN, _markdown)
_LISTS: _Form = (Form.LIST, list_items)
_OTHERS: tuple[_Form, ...] = ((Form.NAMED, _named),)
_FORMULAS: _Form = (Form.FORMULA, _formula)
_BY_FIRST: dict[str, tuple[_Form, ...]] = {
    "[": (_MARKDOWNS, _LISTS, *_OTHERS),
    "!": (_MARKDOWNS, *_OTHERS),
    "<": ((Form.HTML, addresses_of_tags),),
    "'": (_FORMULAS, _LISTS, *_OTHERS),
    **dict.fromkeys('{("', (_LISTS, *_OTHERS)),
    **dict.fromkeys("=+@", (_FORMULAS, *_OTHERS)),
}
