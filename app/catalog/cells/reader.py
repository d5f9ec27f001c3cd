"""An image cell: its addresses, the places where they are in it, and what in it is none.

An address ends only where a separator is followed by a new `http://` or `https://`, so commas in
one survive. Some layouts have paths beside addresses, and escapes; `Separator` tells them apart.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from app.catalog.cells.checker import UrlChecker
from app.catalog.cells.complaints import (
    BadUrl,
    cut_complaint,
    cut_piece,
    lacks_scheme_complaint,
    may_be_odd,
    what_it_is,
)
from app.catalog.cells.hidden import (
    may_have_ampersands,
    revealed,
    with_ampersands,
    with_commas_kept,
    with_unescaped,
)
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import (
    BEGINNING,
    LONGEST_PICTURE_ENDING,
    MAX_URL_CHARS,
    SCHEME,
    SEPARATORS,
    WIDE_SEPARATORS,
    WITHOUT_WIDTH,
    ends_as_picture,
    lacks_scheme,
    looks_like_path,
)
from app.catalog.cells.wrapped.find import may_be_wrapped, unwrapped
from app.catalog.cells.wrapped.forms import Form

# Where a relative path ends.
_ENDS = {
    Separator.ANY: re.compile(rf"[,;|\t\r\n{WIDE_SEPARATORS}]"),
    Separator.ONE: None,
    Separator.COMMA: re.compile(r"[,\r\n]"),
    Separator.ESCAPED_COMMA: re.compile(r"[,\r\n]"),
    Separator.SEMICOLON: re.compile(r"[;\r\n]"),
    Separator.PIPE: re.compile(r"[|\r\n]"),
    Separator.LABELLED_PIPE: re.compile(r"[|\r\n]"),
    Separator.SPACE: re.compile(r"\s"),
}
_LABEL = re.compile(r"(?<![^|;\r\n])(?!\s*https?://)[^|;\r\n=]{1,200}=(?=https?://)", re.IGNORECASE)
# Most cells of exports hold one address and nothing else.
_NO_PART = rf"\s,;|<>\"&:\\{WITHOUT_WIDTH}{WIDE_SEPARATORS}"
_SIMPLE = re.compile(rf"(https?://[^/{_NO_PART}]++(?::\d{{1,5}})?)(?:/[^{_NO_PART}]*+)?\Z")
# Between several paths in a cell of one picture.
_PATHS_JOINED = re.compile(rf"[,;|{WIDE_SEPARATORS}]")
# The longest ending of a picture, and some blanks behind it.
_ENDING_CHARS = LONGEST_PICTURE_ENDING + 3
# A cell of millions of parts that are no addresses is as useless as one of some.
_MAX_BAD = 200


class _Part(NamedTuple):
    """`text[start:end]` of a cell; `is_hidden`: it has signs in the place of others."""

    text: str
    start: int
    end: int
    is_hidden: bool


class Place(NamedTuple):
    """An address: `cell[start:end]` is how it is written in its cell, `url` what is fetched."""

    start: int
    end: int
    url: str


@dataclass(slots=True)
class CellContent:
    """What a cell holds: addresses, and parts that are none (the first 200).

    `spans` are the start and the end of each address in the cell; `form` says how they are written
    in it, None: as a plain list.
    """

    urls: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    bad: list[BadUrl] = field(default_factory=list)
    form: Form | None = None

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

    def __init__(self, base_url: str | None = None, empty: Iterable[str] = ()) -> None:
        self._base_url = base_url
        self._empty = frozenset(empty)
        # The scheme of "//host/a.jpg" in a page that the paths are on.
        self._scheme = (base_url or "https:").partition("//")[0]
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
        text = with_ampersands(cell) if may_have_ampersands(cell) else cell
        wrapped = unwrapped(cell) if may_be_wrapped(cell) else None
        if wrapped is None:
            if separator is Separator.SCHEME and self._base_url is not None:
                separator = Separator.ANY
            if separator is Separator.ESCAPED_COMMA:
                text = with_commas_kept(text)
            elif separator is Separator.LABELLED_PIPE:
                text = _LABEL.sub(_blanks, text)
            piece = cut_piece(text)
            end = len(text) - len(piece)
            self._read_part(_Part(text, 0, end, text is not cell), separator, content)
            if piece:
                content.bad.append(BadUrl(piece, cut_complaint(piece)))
            return content
        if wrapped.form is Form.LIST and "\\" in text:
            text = with_unescaped(text)
        for start, end in wrapped.spans:
            self._read_part(_Part(text, start, end, text is not cell), Separator.ONE, content)
        content.form = wrapped.form
        return content

    def _read_part(self, part: _Part, separator: Separator, content: CellContent) -> None:
        """Read a part of a cell in which addresses, or paths, are next to one another."""
        text, first, last, is_hidden = part
        ends = None if separator is Separator.SCHEME else _ENDS[separator]
        # Looking for schemes and then at the character before each is linear; a pattern of
        # "separators, then a scheme" would try every suffix of a long run of commas.
        hosts = text.count("//", first, last)
        # Two patterns, as one of both takes twice the time, and few cells leave schemes out.
        pattern = SCHEME if hosts == text.count("://", first, last) else BEGINNING
        starts = [
            at
            for match in pattern.finditer(text, first, last)
            if (at := match.start()) == first or text[at - 1] in SEPARATORS
        ]
        if not starts or starts[0] > first:
            self._take_others(text, first, starts[0] if starts else last, ends, content)
        # Where paths have no beginning, what is behind a comma belongs to the address before it.
        may_end = ends is not None and (separator is not Separator.ANY or self._base_url)
        is_odd = may_be_odd(text[first:last], len(starts))
        # Each part of such a cell begins with a scheme, and all that are wrong are counted.
        most_bad = None if separator is Separator.SCHEME else _MAX_BAD
        urls, spans, complaint = content.urls, content.spans, self._urls.complaint
        for start, next_start in pairwise([*starts, last]):
            end = next_start
            if may_end and ends is not None:
                end = self._end_of_address(text, start, next_start, ends)
            written = text[start:end].rstrip(SEPARATORS)
            url = revealed(written) if is_hidden else written
            if url.startswith("//"):
                url = self._scheme + url
                content.form = Form.HOST_FIRST
            message = complaint(url, is_odd=is_odd)
            if message is None:
                urls.append(url)
                spans.append((start, start + len(written)))
            elif most_bad is None or len(content.bad) < most_bad:
                content.bad.append(BadUrl(url, message))
            if end < next_start:
                self._take_others(text, end, next_start, ends, content)

    def _take_others(
        self, text: str, start: int, end: int, ends: re.Pattern[str] | None, content: CellContent
    ) -> None:
        """Take what is no address: paths where they have a beginning; all else is bad."""
        if ends is None and _are_paths(text[start:end]):
            ends = _PATHS_JOINED
        if ends is not None:
            for match in ends.finditer(text, start, end):
                self._take_other(text, start, match.start(), content)
                start = match.end()
        self._take_other(text, start, end, content)

    def _take_other(self, text: str, start: int, end: int, content: CellContent) -> None:
        part = text[start:end]
        start += len(part) - len(part.lstrip(SEPARATORS))
        part = part.strip(SEPARATORS)
        written = revealed(part)
        if not written or written.casefold() in self._empty:
            return
        message: str | None
        if lacks_scheme(written):
            url, message = None, lacks_scheme_complaint(written)
        elif self._base_url is None or not looks_like_path(written):
            url, message = None, what_it_is(written)
        else:
            url = written = f"{self._base_url}/{written.removeprefix('.').lstrip('/')}"
            message = self._urls.complaint(url, is_odd=True)
        if url is not None and message is None:
            content.add(start, start + len(part), url)
        elif message is not None and len(content.bad) < _MAX_BAD:
            content.bad.append(BadUrl(written, message))

    def _end_of_address(self, text: str, start: int, end: int, ends: re.Pattern[str]) -> int:
        """The end of an address that a relative path follows."""
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


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _are_paths(text: str) -> bool:
    """Whether a text is several paths, each with the ending of a picture, and not one of them."""
    pieces = [piece for piece in _PATHS_JOINED.split(text) if piece.strip(SEPARATORS)]
    return len(pieces) > 1 and all(map(ends_as_picture, pieces))
