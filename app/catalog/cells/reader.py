"""An image cell: its addresses, the places where they are in it, and what in it is none.

An address ends only where a separator is followed by a new `http://` or `https://`, so commas in
one survive. Some layouts have paths beside addresses, and escapes; `Separator` tells them apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import (
    LONGEST_PICTURE_ENDING,
    MAX_URL_CHARS,
    SCHEME,
    SEPARATORS,
    BadUrl,
    UrlChecker,
    ends_as_picture,
    looks_like_path,
    may_be_odd,
    what_it_is,
)

# Placeholders for signs that are no separators where they are; a cell has none of them. One for
# each character, so that places stay where they are.
_AMPERSAND, _COMMA = "&\ue000\ue000\ue000\ue000", "\ue001\ue002"

# Where a relative path ends.
_ENDS = {
    Separator.ANY: re.compile(r"[,;|\t\r\n]"),
    Separator.ONE: None,
    Separator.COMMA: re.compile(r"[,\r\n]"),
    Separator.ESCAPED_COMMA: re.compile(r"[,\r\n]"),
    Separator.SEMICOLON: re.compile(r"[;\r\n]"),
    Separator.PIPE: re.compile(r"[|\r\n]"),
    Separator.LABELLED_PIPE: re.compile(r"[|\r\n]"),
    Separator.SPACE: re.compile(r"\s"),
}
_LABEL = re.compile(
    r"(?<![^|;\r\n])(?!\s*https?://)[^|;\r\n=]{1,200}=(?=https?://)", re.IGNORECASE
)
# Most cells of exports hold one address and nothing else.
_NO_PART = r"\s,;|<>\"&:\\\u200b\u2060\ufeff"
_SIMPLE = re.compile(rf"(https?://[^/{_NO_PART}]++(?::\d{{1,5}})?)(?:/[^{_NO_PART}]*+)?\Z")
# The longest ending of a picture, and some blanks behind it.
_ENDING_CHARS = LONGEST_PICTURE_ENDING + 3
# A cell of millions of parts that are no addresses is as useless as one of some.
_MAX_BAD = 200


class Place(NamedTuple):
    """An address: `cell[start:end]` is how it is written in its cell, `url` what is fetched."""

    start: int
    end: int
    url: str


@dataclass(slots=True)
class CellContent:
    """What a cell holds: addresses, and parts that are none (the first 200).

    `spans` are the start and the end of each address in the cell.
    """

    urls: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    bad: list[BadUrl] = field(default_factory=list)

    @property
    def places(self) -> list[Place]:
        """The addresses, each with its place."""
        return [Place(*span, url) for span, url in zip(self.spans, self.urls, strict=True)]

    def add(self, start: int, end: int, url: str) -> None:
        """Take an address."""
        self.urls.append(url)
        self.spans.append((start, end))


class CellReader:
    """Reads image cells of one file.

    Args:
        base_url: the beginning of relative paths; None: there are none.
        empty: texts that mean "no image", in small letters.
    """

    def __init__(self, base_url: str | None = None, empty: Sequence[str] = ()) -> None:
        self._base_url = base_url
        self._empty = frozenset(empty)
        self._urls = UrlChecker()

    @property
    def urls(self) -> UrlChecker:
        """What judges single addresses."""
        return self._urls

    def read(self, cell: str, separator: Separator) -> CellContent:
        """The addresses of a cell in their sequence, and every part of it that is none."""
        content = CellContent()
        simple = _SIMPLE.match(cell) if len(cell) <= MAX_URL_CHARS else None
        if simple is not None and self._urls.is_valid_origin(simple.group(1)):
            content.add(0, len(cell), cell)
            return content
        if separator is Separator.SCHEME and self._base_url is not None:
            separator = Separator.ANY
        elif separator is Separator.ONE and _are_several_paths(cell):
            separator = Separator.ANY
        ends = None if separator is Separator.SCHEME else _ENDS[separator]
        text = cell.replace("&amp;", _AMPERSAND) if "&amp;" in cell else cell
        if separator is Separator.ESCAPED_COMMA:
            text = text.replace("\\,", _COMMA)
        elif separator is Separator.LABELLED_PIPE:
            text = _LABEL.sub(_blanks, text)
        is_hidden = text is not cell
        # Looking for schemes and then at the character before each is linear; a pattern of
        # "separators, then a scheme" would try every suffix of a long run of commas.
        starts = [
            at
            for match in SCHEME.finditer(text)
            if (at := match.start()) == 0 or text[at - 1] in SEPARATORS
        ]
        if not starts or starts[0] > 0:
            self._take_others(text, 0, starts[0] if starts else len(text), ends, content)
        # Where paths have no beginning, what is behind a comma belongs to the address before it.
        may_end = ends is not None and (separator is not Separator.ANY or self._base_url)
        is_odd = may_be_odd(text, len(starts))
        # Each part of such a cell begins with a scheme, and all that are wrong are counted.
        most_bad = None if separator is Separator.SCHEME else _MAX_BAD
        urls, spans, complaint = content.urls, content.spans, self._urls.complaint
        for start, next_start in pairwise([*starts, len(text)]):
            end = next_start
            if may_end and ends is not None:
                end = self._end_of_address(text, start, next_start, ends)
            part = text[start:end].rstrip(SEPARATORS)
            url = _unhidden(part) if is_hidden else part
            message = complaint(url, is_odd=is_odd)
            if message is None:
                urls.append(url)
                spans.append((start, start + len(part)))
            elif most_bad is None or len(content.bad) < most_bad:
                content.bad.append(BadUrl(url, message))
            if end < next_start:
                self._take_others(text, end, next_start, ends, content)
        return content

    def _take_others(
        self, text: str, start: int, end: int, ends: re.Pattern[str] | None, content: CellContent
    ) -> None:
        """Take what is no address: paths where they have a beginning; all else is bad."""
        if ends is not None:
            for match in ends.finditer(text, start, end):
                self._take_other(text, start, match.start(), content)
                start = match.end()
        self._take_other(text, start, end, content)

    def _take_other(self, text: str, start: int, end: int, content: CellContent) -> None:
        part = text[start:end]
        start += len(part) - len(part.lstrip(SEPARATORS))
        part = part.strip(SEPARATORS)
        written = _unhidden(part)
        if not written or written.casefold() in self._empty:
            return
        url = self._full(written)
        if url is None:
            message: str | None = what_it_is(written)
        else:
            written = url
            message = self._urls.complaint(url, is_odd=True)
        if url is not None and message is None:
            content.add(start, start + len(part), url)
        elif message is not None and len(content.bad) < _MAX_BAD:
            content.bad.append(BadUrl(written, message))

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

    def _full(self, path: str) -> str | None:
        if self._base_url is None:
            return None
        if path.startswith("//"):
            return self._base_url.partition("//")[0] + path
        if not looks_like_path(path):
            return None
        return f"{self._base_url}/{path.removeprefix('.').lstrip('/')}"


def _unhidden(text: str) -> str:
    return text.replace(_AMPERSAND, "&").replace(_COMMA, ",")


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _are_several_paths(cell: str) -> bool:
    """Whether a cell for one picture has the paths of several, each of which is a whole one."""
    parts = _ENDS[Separator.ANY].split(cell) if SCHEME.search(cell) is None else []
    return len(parts) > 1 and all(map(ends_as_picture, parts))
