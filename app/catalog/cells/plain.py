"""The fast path through image cells that hold only URLs and separators: nearly all of them.

The cells of a block are joined and judged as one text with the string searches of the interpreter:
that costs about a nanosecond per byte, while Python code for each URL costs ten times as much. What
is judged plain reads the same by `CellReader.read`; a test compares the two.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.catalog.cells.checker import UrlChecker
from app.catalog.cells.hidden import may_have_ampersands
from app.catalog.cells.urls import MAX_URL_CHARS
from app.catalog.cells.wrapped.forms import FULL_CELL_CHARS
from app.catalog.text.grid import CR, LF, QUOTE

# With one of these in a cell, `CellReader.read` has to look: white space, and what no URL may have.
_NOT_PLAIN = ("\t", "\r", '"', QUOTE, "<", ">")

_OTHER_SEPARATORS = (" ", ";", "|", LF)
_COMMON_SEPARATIONS = (" , ", ", ", " ,", "; ", " | ", f",{LF}", ";", "|", LF, " ")

# Longer runs of separators are left to `CellReader.read`: on a run without end, this pattern would
# take time that grows with the square of its length.
_SEPARATORS = re.compile(rf"[ ,;|{LF}]{{1,8}}(?=https?://)")
# A comma that ends no address, has one behind it that is none of ours, or what is left of one that
# was cut off.
_UNCLEAR_COMMA = re.compile(
    r",(?:\t|\Z|//|[wW][wW][wW]\.|[dD][aA][tT][aA]:[iI][mM][aA][gG][eE]/"
    r"|[hH](?:[tT](?:[tT](?:[pP][sS]?)?)?)?:?/?(?:\t|\Z))"
)
_ORIGIN = re.compile(r"https?://[^/?#\\,@]+/")
# A file of strangers may name millions of hosts; what is remembered must not grow with them.
_MAX_KNOWN = 10_000
# Searching for up to this number of hosts costs less than looking at each URL.
_MAX_LEADING = 3


@dataclass(frozen=True, slots=True)
class PlainCells:
    """Cells that were judged: `lines` has one line for each, with `separator` between its URLs.

    `urls` are those of all cells in their sequence, `origins` their `http(s)://host[:port]/`: one
    for each URL, or how many URLs have it.
    """

    lines: str
    separator: str
    urls: list[str]
    origins: Mapping[str, int] | Sequence[str]

    def urls_by_cell(self) -> Iterator[tuple[str, ...]]:
        """The URLs of each cell."""
        for line in self.lines.split("\n"):
            yield tuple(line.split(self.separator))

    def counts(self) -> list[int]:
        """How many URLs each cell has."""
        signs = np.frombuffer(self.lines.encode(), dtype=np.uint8)
        ends = np.append(np.flatnonzero(signs == ord("\n")), len(signs))
        up_to_end = np.searchsorted(np.flatnonzero(signs == ord(self.separator)), ends)
        counts: list[int] = (1 + np.diff(up_to_end, prepend=0)).tolist()
        return counts


class PlainReader:
    """Judges blocks of image cells; remembers the hosts that lead the file.

    Args:
        reader: the reader of single cells, which knows what hosts are valid.
    """

    def __init__(self, reader: UrlChecker) -> None:
        self._reader = reader
        self._leading: list[str] = []
        self._known: set[str] = set()
        self._had_commas_inside = False

    def read(self, lines: str, *, commas_inside: bool) -> PlainCells | None:
        """The URLs of these cells, or None when one of them needs a closer look.

        Plain are cells of one or more URLs `http(s)://host/...` in ASCII and without white space,
        with a few commas, semicolons, pipes, blanks or line ends between them.

        Args:
            lines: one for each cell; for line ends and quotes inside are a grid's placeholders.
            commas_inside: whether a comma may be part of a URL.
        """
        if _may_be_longer(lines, FULL_CELL_CHARS - 1) and FULL_CELL_CHARS in map(
            len, lines.split("\n")
        ):
            return None
        if CR in lines:
            lines = lines.replace(CR + LF, LF).replace(CR, LF)
        if not lines.isascii() or any(each in lines for each in _NOT_PLAIN):
            return None
        if may_have_ampersands(lines):
            return None
        first = _SEPARATORS.search(lines)
        separation = first.group() if first else ","
        # This block is likely to be as the one before.
        if commas_inside and self._had_commas_inside:
            plain = self._split_before_schemes(lines, separation)
        else:
            plain = self._split_at_commas(_with_commas(lines, separation))
            if plain is None and commas_inside:
                plain = self._split_before_schemes(lines, separation)
                self._had_commas_inside = plain is not None
        if plain is None or not _may_be_longer(lines, MAX_URL_CHARS):
            return plain
        return None if max(map(len, plain.urls)) > MAX_URL_CHARS else plain

    def _split_at_commas(self, lines: str) -> PlainCells | None:
        """Read cells in which a URL begins behind every comma."""
        text = lines.replace("\n", ",")
        urls = text.split(",")
        origins = self._count_leading(text, ",", len(urls)) or self._origins(urls)
        if origins is None or not _has_one_in_each(text, urls):
            return None
        return PlainCells(lines, ",", urls, origins)

    def _split_before_schemes(self, lines: str, separation: str) -> PlainCells | None:
        """Read cells whose URLs may contain commas."""
        # Plain replacing is the faster way where all URLs are separated alike.
        return self._split_at_tabs(
            lines.replace(f"{separation}http", "\thttp")
        ) or self._split_at_tabs(_SEPARATORS.sub("\t", lines))

    def _split_at_tabs(self, lines: str) -> PlainCells | None:
        """Read cells in which a URL begins behind every TAB."""
        text = lines.replace("\n", "\t")
        urls = text.split("\t")
        if not _has_one_in_each(text, urls) or any(each in lines for each in _OTHER_SEPARATORS):
            return None
        if _UNCLEAR_COMMA.search(text):
            return None
        origins = self._count_leading(text, "\t", len(urls)) or self._origins(urls)
        return None if origins is None else PlainCells(lines, "\t", urls, origins)

    def _count_leading(self, text: str, separator: str, places: int) -> dict[str, int] | None:
        # "https://a.example/" and "https://b.example/" cannot both begin at one place, so that
        # their counts add up to all places only if one of them begins in each.
        origins = {}
        for origin in self._leading:
            count = text.count(f"{separator}{origin}") + text.startswith(origin)
            if count:
                origins[origin] = count
                places -= count
                if not places:
                    return origins
        return None

    def _origins(self, urls: list[str]) -> list[str] | None:
        # The third slash ends the origin; without one, this is "" and no origin.
        origins = [url[: url.find("/", 8) + 1] for url in urls]
        distinct = set(origins)
        if not all(map(self._is_origin, distinct - self._known)):
            return None
        if len(self._known) < _MAX_KNOWN:
            self._known |= distinct
        self._leading = sorted(distinct) if len(distinct) <= _MAX_LEADING else []
        return origins

    def _is_origin(self, origin: str) -> bool:
        return bool(_ORIGIN.fullmatch(origin)) and self._reader.is_valid_origin(origin[:-1])


def _has_one_in_each(text: str, urls: list[str]) -> bool:
    """Whether as many "://" are there as URLs, so that none has another one inside."""
    return text.count(":") == len(urls) or text.count("://") == len(urls)


def _may_be_longer(lines: str, limit: int) -> bool:
    """Whether a line has more characters, or more than half of them at an unlucky place."""
    half = limit // 2
    # Where every half has a line's end in it, no line is longer than two of them.
    return any(lines.find("\n", at, at + half) < 0 for at in range(0, len(lines) - half, half))


def _with_commas(lines: str, separation: str) -> str:
    # A semicolon or blank inside a URL also becomes a comma. Then not every comma has a URL behind
    # it, and the text is not used.
    if separation != ",":
        lines = lines.replace(separation, ",")
    if any(each in lines for each in _OTHER_SEPARATORS):
        for each in _COMMON_SEPARATIONS:
            lines = lines.replace(each, ",")
    return lines
