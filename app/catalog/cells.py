"""The image cell of an export: its addresses with the places where they stand in it.

`UrlReader.split` says what a cell of a plain list holds. This says where it stands, too, so that it
can be replaced, knows the separators and escapes of the platforms, and gives relative paths their
beginning. What both can read, both read alike; a test compares the two.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import quote

from app.catalog.exports import Separator
from app.catalog.urls import (
    LONGEST_PICTURE_ENDING,
    MAX_URL_CHARS,
    SCHEME,
    SEPARATORS,
    BadUrl,
    UrlReader,
    ends_as_picture,
    looks_like_path,
    what_it_is,
)

# Stand for signs that are no separators where they are; a cell has none of them. One for each
# character, so that places stay where they are.
_AMPERSAND, _COMMA = "&\ue000\ue000\ue000\ue000", "\ue001\ue002"

# Where a relative path ends.
_ENDS = {
    Separator.ANY: re.compile(r"[,;|\t\r\n]"),
    Separator.ONE: None,
    Separator.COMMA: re.compile(r"[,\r\n]"),
    Separator.ESCAPED_COMMA: re.compile(r"[,\r\n]"),
    Separator.SEMICOLON: re.compile(r"[;\r\n]"),
    Separator.PIPE: re.compile(r"[|\r\n]"),
    Separator.SPACE: re.compile(r"\s"),
}
# What cannot stand in an address of such a cell, and what is written instead.
_WRITTEN = {
    Separator.ANY: {",": "%2C", ";": "%3B", "|": "%7C"},
    Separator.ONE: {},
    Separator.COMMA: {",": "%2C"},
    Separator.ESCAPED_COMMA: {",": "\\,"},
    Separator.SEMICOLON: {";": "%3B"},
    Separator.PIPE: {"|": "%7C"},
    Separator.SPACE: {},
}
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
# Most cells of exports hold one address and nothing else.
_NO_PART = r"\s,;|<>\"&:\\\u200b\u2060\ufeff"
_SIMPLE = re.compile(rf"(https?://[^/{_NO_PART}]+(?::\d{{1,5}})?)(?:/[^{_NO_PART}]*)?\Z")
# The longest ending of a picture, and some blanks behind it.
_ENDING_CHARS = LONGEST_PICTURE_ENDING + 3
# A cell of millions of parts that are no addresses is as useless as one of some.
_MAX_BAD = 200


@dataclass(frozen=True, slots=True)
class Place:
    """An address: `cell[start:end]` is how it stands in its cell, `url` what is fetched."""

    start: int
    end: int
    url: str


@dataclass(slots=True)
class CellContent:
    """What a cell holds: addresses, and parts that are none (the first 200).

    `path`: the first relative path that nothing gives a beginning; it is one of `bad`, too.
    """

    places: list[Place] = field(default_factory=list)
    bad: list[BadUrl] = field(default_factory=list)
    path: str | None = None


class CellReader:
    """Reads image cells of one file.

    Args:
        base_url: stands before relative paths; None: there are none.
        empty: texts that mean "no image", in small letters.
    """

    def __init__(self, base_url: str | None = None, empty: Sequence[str] = ()) -> None:
        self._base_url = base_url
        self._empty = frozenset(empty)
        self._urls = UrlReader()

    def read(self, cell: str, separator: Separator) -> CellContent:
        """The addresses of a cell in their sequence, and every part of it that is none."""
        content = CellContent()
        simple = _SIMPLE.match(cell) if len(cell) <= MAX_URL_CHARS else None
        if simple is not None and self._urls.is_valid_origin(simple.group(1)):
            content.places.append(Place(0, len(cell), cell))
            return content
        text = cell.replace("&amp;", _AMPERSAND)
        if separator is Separator.ESCAPED_COMMA:
            text = text.replace("\\,", _COMMA)
        for start, end in self._parts(text, separator):
            self._take(text, start, end, content)
        return content

    def _parts(self, text: str, separator: Separator) -> Iterator[tuple[int, int]]:
        schemes = [match.start() for match in SCHEME.finditer(text)]
        starts = [at for at in schemes if at == 0 or text[at - 1] in SEPARATORS]
        ends = _ENDS[separator]
        if not starts or starts[0] > 0:
            yield from self._between(text, 0, starts[0] if starts else len(text), ends)
        # In a plain list, what stands behind a comma belongs to the address before it.
        paths_behind = ends if separator is not Separator.ANY or self._base_url else None
        for start, end in pairwise([*starts, len(text)]):
            if paths_behind is None:
                yield start, end
                continue
            at = self._end_of_address(text, start, end, paths_behind)
            yield start, at
            if at < end:
                yield from self._between(text, at, end, ends)

    def _end_of_address(self, text: str, start: int, end: int, ends: re.Pattern[str]) -> int:
        """Where an address ends behind which a relative path stands."""
        # What ends as a picture has to do so before its query; that is looked for only once.
        query = text.find("?", start, end)
        for match in ends.finditer(text, start, end):
            at = match.start()
            if at - start > MAX_URL_CHARS:
                break
            whole = query if 0 <= query < at else at
            if not ends_as_picture(text[max(start, whole - _ENDING_CHARS) : whole]):
                continue
            behind = ends.search(text, match.end(), end)
            path = text[match.end() : behind.start() if behind else end].strip(SEPARATORS)
            if path and looks_like_path(path):
                return at
        return end

    def _between(
        self, text: str, start: int, end: int, ends: re.Pattern[str] | None
    ) -> Iterator[tuple[int, int]]:
        if ends is not None:
            for match in ends.finditer(text, start, end):
                yield start, match.start()
                start = match.end()
        yield start, end

    def _take(self, text: str, start: int, end: int, content: CellContent) -> None:
        part = text[start:end]
        start += len(part) - len(part.lstrip(SEPARATORS))
        url = _fetched(part.strip(SEPARATORS))
        end = start + len(part.strip(SEPARATORS))
        if not url or url.casefold() in self._empty:
            return
        if not SCHEME.match(url):
            full = self._full(url)
            if full is None:
                if content.path is None and looks_like_path(url):
                    content.path = url
                if len(content.bad) < _MAX_BAD:
                    content.bad.append(BadUrl(url, what_it_is(url)))
                return
            url = full
        complaint = self._urls.complaint(url)
        if complaint is None:
            content.places.append(Place(start, end, url))
        elif len(content.bad) < _MAX_BAD:
            content.bad.append(BadUrl(url, complaint))

    def _full(self, path: str) -> str | None:
        if self._base_url is None:
            return None
        if path.startswith("//"):
            return self._base_url.partition("//")[0] + path
        if not looks_like_path(path):
            return None
        return f"{self._base_url}/{path.removeprefix('.').lstrip('/')}"


def replaced(
    cell: str, places: Sequence[Place], urls: Sequence[str | None], separator: Separator
) -> str:
    """A cell with other addresses in these places of it; None keeps what stands there."""
    parts, at = [], 0
    for place, url in zip(places, urls, strict=True):
        parts.append(cell[at : place.start])
        at = place.end
        parts.append(cell[place.start : at] if url is None else written_url(url, separator))
    return "".join([*parts, cell[at:]])


def written_url(url: str, separator: Separator) -> str:
    """An address as it has to stand in a cell of this kind, in ASCII and without white space."""
    url = quote(url, safe=_ASCII)
    for sign, instead in _WRITTEN[separator].items():
        url = url.replace(sign, instead)
    return url


def _fetched(text: str) -> str:
    if "\ue000" in text or "\ue001" in text:
        text = text.replace(_AMPERSAND, "&").replace(_COMMA, ",")
    return text
