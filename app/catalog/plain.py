"""The fast way through cells that hold nothing but URLs and commas, which is nearly every cell.

A block of cells is joined and judged as one text with the string searches of the interpreter: that
costs about a nanosecond per URL byte, while any Python code per URL costs ten times that. What is
judged plain reads the same by `UrlReader.split`; a test compares the two.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from app.catalog.urls import MAX_URL_CHARS, UrlReader

# With one of these in a cell, `UrlReader.split` has to look: other separators, white space, HTML's
# way to write &, and characters that no URL may have.
_NOT_PLAIN = (" ", "\t", ";", "|", '"', "<", ">")

_PIECE = re.compile(r",(https?://[^/?#\\,@]+)/")
_MAX_PREFIXES = 8


class PlainUrls:
    """Judges blocks of image cells; remembers the hosts that lead the file.

    Args:
        reader: the reader of single cells, which knows what hosts are valid.
    """

    def __init__(self, reader: UrlReader) -> None:
        self._reader = reader
        self._prefixes: list[str] = []

    def origins(self, cells: Sequence[str]) -> Mapping[str, int] | None:
        """Count the URLs of each origin (`https://host`) when all cells are plain; else None.

        Plain: each cell is one or more URLs of the form `http(s)://host/...` in ASCII, with a comma
        before each but the first and no other comma. Then `cell.split(",")` are its URLs.
        """
        if max(map(len, cells)) > MAX_URL_CHARS:
            return None
        text = f",{','.join(cells)}"
        if not text.isascii() or any(each in text for each in _NOT_PLAIN):
            return None
        places = text.count(",")
        # One "://" for each comma: no URL without its comma, and none inside another.
        if text.count("://") != places:
            return None
        counts = self._by_known_prefixes(text, places)
        return counts if counts is not None else self._by_pattern(text, places)

    def _by_known_prefixes(self, text: str, places: int) -> dict[str, int] | None:
        # "https://a.example/" and "https://b.example/" cannot both begin at one comma, so that the
        # counts add up to the number of commas only if every URL begins with one of them.
        counts = {}
        for prefix in self._prefixes:
            count = text.count(f",{prefix}/")
            if count:
                counts[prefix] = count
                places -= count
                if not places:
                    return counts
        return None

    def _by_pattern(self, text: str, places: int) -> dict[str, int] | None:
        counts = Counter(_PIECE.findall(text))
        if counts.total() != places:
            return None
        if not all(self._reader.is_valid_origin(origin) for origin in counts):
            return None
        leading = counts.most_common(_MAX_PREFIXES + 1)
        # With many hosts the searches for each of them would cost more than the pattern.
        self._prefixes = [] if len(leading) > _MAX_PREFIXES else [each for each, _ in leading]
        return counts
