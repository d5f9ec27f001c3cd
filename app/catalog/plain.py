"""The fast way through image cells that hold nothing but URLs and separators: nearly all of them.

The cells of a block are joined and judged as one text with the string searches of the interpreter:
that costs about a nanosecond per byte, while Python code for each URL costs ten times as much. What
is judged plain reads the same by `UrlReader.split`; a test compares the two.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.catalog.urls import MAX_URL_CHARS, UrlReader

# With one of these in a cell, `UrlReader.split` has to look: white space, and what no URL may have.
_NOT_PLAIN = ("\t", "\r", '"', "<", ">")

_OTHER_SEPARATORS = (" ", ";", "|")
_COMMON_SEPARATIONS = (" , ", ", ", " ,", "; ", " | ", ";", "|", " ")

# Longer runs of separators are left to `UrlReader.split`: on a run without end, this pattern would
# take time that grows with the square of its length.
_SEPARATORS = re.compile(r"[ ,;|]{1,8}(?=https?://)")
_OTHER_ADDRESSES = (",//", ",www.", ",data:image/")
_ORIGIN = re.compile(r"https?://[^/?#\\,@]+/")
_MAX_PREFIXES = 8


@dataclass(frozen=True, slots=True)
class PlainCells:
    """Cells that were judged: `lines` has one line for each, with `separator` between its URLs.

    `urls` are those of all cells in their sequence, `origins` how many there are of each
    `http(s)://host[:port]/`.
    """

    lines: str
    separator: str
    urls: list[str]
    origins: Mapping[str, int]

    def urls_by_cell(self) -> Iterator[tuple[str, ...]]:
        """The URLs of each cell."""
        for line in self.lines.split("\n"):
            yield tuple(line.split(self.separator))


class PlainReader:
    """Judges blocks of image cells; remembers the hosts that lead the file.

    Args:
        reader: the reader of single cells, which knows what hosts are valid.
    """

    def __init__(self, reader: UrlReader) -> None:
        self._reader = reader
        self._leading: list[str] = []
        self._had_commas_inside = False

    def read(self, cells: Sequence[str], *, commas_inside: bool) -> PlainCells | None:
        """The URLs of these cells, or None when one of them needs a closer look.

        Plain are cells of one or more URLs `http(s)://host/...` in ASCII and without white space,
        with a few commas, semicolons, pipes or blanks between them.

        Args:
            cells: none of them has a line feed.
            commas_inside: whether a comma may be part of a URL.
        """
        lines = "\n".join(cells)
        if not lines.isascii() or any(each in lines for each in _NOT_PLAIN):
            return None
        # Looking for one character first is far quicker than looking for five.
        if "&" in lines and "&amp;" in lines:
            return None
        if max(map(len, cells)) > MAX_URL_CHARS:
            return None
        # What the block before was like, this one will be like, too.
        if commas_inside and self._had_commas_inside:
            return self._split_before_schemes(lines)
        plain = self._split_at_commas(_with_commas(lines))
        if plain is None and commas_inside:
            plain = self._split_before_schemes(lines)
            self._had_commas_inside = plain is not None
        return plain

    def _split_at_commas(self, lines: str) -> PlainCells | None:
        """Read cells in which a URL begins behind every comma."""
        text = lines.replace("\n", ",")
        urls = text.split(",")
        origins = self._count_leading(text, len(urls)) or self._count_all(urls)
        # One "://" for each URL: none has another one inside.
        if origins is None or (text.count(":") != len(urls) and text.count("://") != len(urls)):
            return None
        return PlainCells(lines, ",", urls, origins)

    def _split_before_schemes(self, lines: str) -> PlainCells | None:
        """Read cells whose URLs may contain commas."""
        # Plain replacing is the faster way for the hosts that are known, the pattern for the rest.
        for origin in self._leading:
            lines = lines.replace(f",{origin}", f"\t{origin}")
        if lines.count("://") != lines.count("\t") + lines.count("\n") + 1:
            lines = _SEPARATORS.sub("\t", lines)
        if any(each in lines for each in _OTHER_SEPARATORS):
            return None
        if lines.endswith(",") or ",\n" in lines or ",\t" in lines:
            return None
        lowered = lines.lower()
        if any(each in lowered for each in _OTHER_ADDRESSES):
            return None
        urls = lines.replace("\n", "\t").split("\t")
        origins = self._count_all(urls) if lines.count("://") == len(urls) else None
        return None if origins is None else PlainCells(lines, "\t", urls, origins)

    def _count_leading(self, text: str, places: int) -> dict[str, int] | None:
        # "https://a.example/" and "https://b.example/" cannot both begin at one comma, so that
        # their counts add up to all places only if one of them begins in each.
        origins = {}
        for origin in self._leading:
            count = text.count(f",{origin}") + text.startswith(origin)
            if count:
                origins[origin] = count
                places -= count
                if not places:
                    return origins
        return None

    def _count_all(self, urls: list[str]) -> dict[str, int] | None:
        # The third slash ends the origin; without one, this is "" and no origin.
        origins = Counter([url[: url.find("/", 8) + 1] for url in urls])
        for origin in origins:
            if not _ORIGIN.fullmatch(origin) or not self._reader.is_valid_origin(origin[:-1]):
                return None
        leading = origins.most_common(_MAX_PREFIXES + 1)
        # With many hosts, searching for each of them would cost more than this way.
        self._leading = [] if len(leading) > _MAX_PREFIXES else [each for each, _ in leading]
        return origins


def _with_commas(lines: str) -> str:
    # A semicolon or blank inside a URL becomes a comma, too. Then not every comma has a URL behind
    # it, and the text is not used.
    if any(each in lines for each in _OTHER_SEPARATORS):
        for separation in _COMMON_SEPARATIONS:
            lines = lines.replace(separation, ",")
    return lines
