"""Other addresses in the places of an image cell, written as its layout wants them."""

from collections.abc import Sequence
from urllib.parse import quote

from app.catalog.cells.reader import Place
from app.catalog.cells.separator import Separator

# What cannot be in an address of such a cell, and what is written instead.
_WRITTEN = {
    Separator.SCHEME: {",": "%2C", ";": "%3B", "|": "%7C"},
    Separator.ANY: {",": "%2C", ";": "%3B", "|": "%7C"},
    Separator.ONE: {},
    Separator.COMMA: {",": "%2C"},
    Separator.ESCAPED_COMMA: {",": "\\,"},
    Separator.SEMICOLON: {";": "%3B"},
    Separator.PIPE: {"|": "%7C"},
    Separator.LABELLED_PIPE: {"|": "%7C"},
    Separator.SPACE: {},
}
# What ends an address in its cell cannot be in it.
_CLOSING = {'"': "%22", "'": "%27", ")": "%29", ">": "%3E", "]": "%5D", "}": "%7D"}
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def replaced(
    cell: str, places: Sequence[Place], urls: Sequence[str | None], separator: Separator
) -> str:
    """A cell with other addresses in these places of it; None keeps the old one."""
    parts, at = [], 0
    for place, url in zip(places, urls, strict=True):
        parts.append(cell[at : place.start])
        at = place.end
        if url is None:
            parts.append(cell[place.start : at])
            continue
        closing = cell[at : at + 1]
        new = written_url(url, separator)
        parts.append(new.replace(closing, _CLOSING[closing]) if closing in _CLOSING else new)
    return "".join([*parts, cell[at:]])


def written_url(url: str, separator: Separator) -> str:
    """An address as a cell of this kind spells it, in ASCII and without white space."""
    url = quote(url, safe=_ASCII)
    for sign, instead in _WRITTEN[separator].items():
        url = url.replace(sign, instead)
    return url
