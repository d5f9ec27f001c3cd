"""Pieces of web pages within a cell: the addresses of their pictures, and where they are."""

import re

from app.catalog.cells.urls import SEPARATORS
from app.catalog.cells.wrapped.lists import Span

_TAG = re.compile(
    r"<(?P<slash>/?)(?P<name>[a-z][a-z0-9]*)(?P<rest>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*)>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"(?<![^\s\"'])([a-z][a-z-]*+)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(r"<((?:https?:)?//[^<>\s]++)>", re.IGNORECASE)
# Most descriptions say something right behind their first tag.
# Groups are not possessive: in Python 3.11, one whose last turn fails goes on from where it failed.
_DESCRIPTION = re.compile(r"(?:\s*+<(?!a\b)[^<>\"':/]*+>)+\s*+[^<\s,;|&]")
_BETWEEN = re.compile(rf"(?:[{re.escape(SEPARATORS)}]|&nbsp;)*")
# A page that loads its pictures late has something else in `src` until then.
_SOURCES = ("src", "data-src", "data-original", "data-lazy-src")
_ADDRESS = re.compile(r"\s*(?!data:)\S", re.IGNORECASE)


def addresses_of_tags(cell: str) -> list[Span] | None:
    """Where the addresses of the images are in a cell of tags; of links, where there is no image.

    None where there is text outside of links: that is a description and no cell of images.
    """
    if _DESCRIPTION.match(cell):
        return None
    spans: list[Span] = []
    link: Span | None = None
    before_link = 0
    at = 0
    while (at := _behind_blanks(cell, at)) < len(cell):
        automatic = _AUTOMATIC.match(cell, at)
        if automatic is not None:
            spans.append(automatic.span(1))
            at = automatic.end()
            continue
        tag = _TAG.match(cell, at)
        if tag is None:
            next_tag = cell.find("<", at)
            if link is None or next_tag <= at:
                return None
            at = next_tag
            continue
        at = tag.end()
        name = tag["name"].lower()
        if name == "img":
            source = _attribute(cell, tag, _SOURCES)
            if source is None:
                return None
            spans.append(source)
        elif name == "a":
            if tag["slash"] and link is not None and len(spans) == before_link:
                spans.append(link)
            link = None if tag["slash"] else _attribute(cell, tag, ("href",))
            before_link = len(spans)
    return spans if spans and link is None else None


def _behind_blanks(cell: str, at: int) -> int:
    found = _BETWEEN.match(cell, at)
    return found.end() if found else at


def _attribute(cell: str, tag: re.Match[str], names: tuple[str, ...]) -> Span | None:
    """Where the value of the first of these attributes is that has an address."""
    found: dict[str, Span] = {}
    for each in _ATTRIBUTE.finditer(cell, *tag.span("rest")):
        found.setdefault(each[1].lower(), each.span(each.lastindex or 0))
    spans = (found[name] for name in names if name in found)
    return next((span for span in spans if _ADDRESS.match(cell[slice(*span)])), None)
