"""The address in a formula: `IMAGE("https://…")`, `HYPERLINK("https://…", "Photo")`.

The file has formulas in one spelling, whatever language the program has: names in English, commas.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from app.catalog.workbook.number_formats import ZeroFormat, zero_format

_CALL = re.compile(r"(?<![A-Za-z0-9_.])(?:_xlfn\.)?(IMAGE|HYPERLINK)\(", re.IGNORECASE)
# How Google writes a function that Excel does not have.
_FOREIGN = re.compile(r'__xludf\.DUMMYFUNCTION\(\s*"((?:[^"]|"")*)"', re.IGNORECASE)
_TEXT = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_PLACE = re.compile(r"\s*(\$?)([A-Z]{1,3})(\$?)(\d{1,7})(?![A-Za-z0-9_(!.:])\s*", re.IGNORECASE)
_JOIN = re.compile(r"\s*(?:_xlfn\.)?CONCAT(?:ENATE)?\(", re.IGNORECASE)
_FORMATTED = re.compile(r"\s*TEXT\(", re.IGNORECASE)
_END = re.compile(r"\s*\)\s*")
_MAX_CHARS = 8_192
_MAX_DEPTH = 8

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of the formula's row, and the format in which it is to be written."""

    column: int
    number_format: ZeroFormat | None = None

    def text(self, value: str) -> str | None:
        """What the cell adds to an address; None: that cannot be said."""
        if self.number_format is None:
            return value
        try:
            return self.number_format.text(float(Decimal(value)))
        except InvalidOperation:
            # A format for numbers leaves texts as they are.
            return value


Part = str | Place


@dataclass(frozen=True, slots=True)
class Formula:
    """The first argument of a function that shows a picture or leads somewhere.

    Attributes:
        is_image: it shows the picture in the cell; else the cell says something else.
        text: the whole formula.
        parts: texts, and cells of the same row; None: something else is in it.
    """

    is_image: bool
    text: str
    parts: tuple[Part, ...] | None

    def address(self, cell_of: Callable[[int], str]) -> str | None:
        """What the function is given, where that can be said.

        Args:
            cell_of: the value of another cell of the row, by its column from 0.
        """
        if self.parts is None:
            return None
        texts: list[str] = []
        for part in self.parts:
            text = part if isinstance(part, str) else part.text(cell_of(part.column))
            if text is None:
                return None
            texts.append(text)
        return "".join(texts)


def parse_formula(text: str, at: Cell, written_at: Cell) -> Formula | None:
    """The formula, if it is about an address; else None.

    Args:
        text: without the sign in front of it.
        at: row and column of the cell that has it.
        written_at: those of the cell for which it is written; others share it.
    """
    if len(text) > _MAX_CHARS:
        return None
    foreign = _FOREIGN.search(text)
    inside = foreign.group(1).replace('""', '"') if foreign else text
    call = _CALL.search(inside)
    if call is None:
        return None
    argument = _Argument(inside, at, written_at)
    try:
        parts, end = argument.joined(call.end(), depth=0)
    except _Unclear:
        return Formula(call.group(1).upper() == "IMAGE", f"={inside}", None)
    known = tuple(parts) if inside[end : end + 1] in (",", ")") else None
    return Formula(call.group(1).upper() == "IMAGE", f"={inside}", known)


def column_of(letters: str) -> int:
    """The column that a sheet calls by these letters, from 0."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


class _Unclear(Exception):
    """Something in an argument is none of what is understood."""


@dataclass(frozen=True, slots=True)
class _Argument:
    """Reads texts and cells that are joined: `"…"&A2`, `CONCATENATE("…",TEXT(A2,"000"))`."""

    formula: str
    at: Cell
    written_at: Cell

    def joined(self, start: int, *, depth: int) -> tuple[list[Part], int]:
        """The parts from a place on, as far as `&` is between them, and where they end."""
        parts, end = self._one(start, depth)
        while self.formula[end : end + 1] == "&":
            more, end = self._one(end + 1, depth)
            parts += more
        return parts, end

    def _one(self, start: int, depth: int) -> tuple[list[Part], int]:
        text = _TEXT.match(self.formula, start)
        if text is not None:
            return [text.group(1).replace('""', '"')], text.end()
        call = _JOIN.match(self.formula, start)
        if call is not None and depth < _MAX_DEPTH:
            return self._all_of(call.end(), depth + 1)
        call = _FORMATTED.match(self.formula, start)
        if call is not None:
            return self._formatted(call.end())
        place, end = self._place(start)
        return [place], end

    def _all_of(self, start: int, depth: int) -> tuple[list[Part], int]:
        parts, end = self.joined(start, depth=depth)
        while self.formula[end : end + 1] == ",":
            more, end = self.joined(end + 1, depth=depth)
            parts += more
        return parts, self._end_of_call(end)

    def _formatted(self, start: int) -> tuple[list[Part], int]:
        place, end = self._place(start)
        code = _TEXT.match(self.formula, end + 1)
        if self.formula[end : end + 1] != "," or code is None:
            raise _Unclear
        number_format = zero_format(code.group(1).replace('""', '"'))
        if number_format is None:
            raise _Unclear
        return [Place(place.column, number_format)], self._end_of_call(code.end())

    def _place(self, start: int) -> tuple[Place, int]:
        """A cell that is named, if it is in the formula's own row."""
        found = _PLACE.match(self.formula, start)
        if found is None:
            raise _Unclear
        is_fixed_column, letters, is_fixed_row, number = found.groups()
        row, column = int(number), column_of(letters)
        if not is_fixed_row:
            row += self.at[0] - self.written_at[0]
        if not is_fixed_column:
            column += self.at[1] - self.written_at[1]
        if row != self.at[0] or column < 0:
            raise _Unclear
        return Place(column), found.end()

    def _end_of_call(self, start: int) -> int:
        end = _END.match(self.formula, start)
        if end is None:
            raise _Unclear
        return end.end()
