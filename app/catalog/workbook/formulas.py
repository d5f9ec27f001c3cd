"""The address in a formula: `IMAGE("https://…")`, `HYPERLINK("https://…", "Photo")`.

The file has formulas in one spelling, whatever language the program has: names in English, commas.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_CALL = re.compile(r"(?<![A-Za-z0-9_.])(?:_xlfn\.)?(IMAGE|HYPERLINK)\(", re.IGNORECASE)
# How Google writes a function that Excel does not have.
_FOREIGN = re.compile(r'__xludf\.DUMMYFUNCTION\(\s*"((?:[^"]|"")*)"', re.IGNORECASE)
_TEXT = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_PLACE = re.compile(r"\s*(\$?)([A-Z]{1,3})(\$?)(\d{1,7})(?![A-Za-z0-9_(!.])\s*", re.IGNORECASE)
_MAX_CHARS = 8_192

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Formula:
    """The first argument of a function that shows a picture or leads somewhere.

    Attributes:
        is_image: it shows the picture in the cell; else the cell says something else.
        text: the whole formula.
        parts: texts, and columns of cells in the same row; None: something else is in it.
    """

    is_image: bool
    text: str
    parts: tuple[str | int, ...] | None

    def address(self, cell_of: Callable[[int], str]) -> str | None:
        """What the function is given, where that can be said.

        Args:
            cell_of: the text of another cell of the row, by its column from 0.
        """
        if self.parts is None:
            return None
        return "".join(part if isinstance(part, str) else cell_of(part) for part in self.parts)


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
    parts = _argument(inside, call.end(), at, written_at)
    return Formula(call.group(1).upper() == "IMAGE", f"={inside}", parts)


def column_of(letters: str) -> int:
    """The column that a sheet calls by these letters, from 0."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _argument(text: str, start: int, at: Cell, written_at: Cell) -> tuple[str | int, ...] | None:
    parts: list[str | int] = []
    while True:
        literal = _TEXT.match(text, start)
        place = None if literal else _PLACE.match(text, start)
        if literal is not None:
            parts.append(literal.group(1).replace('""', '"'))
            start = literal.end()
        elif place is not None:
            column = _column_in_row(place, at, written_at)
            if column is None:
                return None
            parts.append(column)
            start = place.end()
        else:
            return None
        following = text[start : start + 1]
        if following in (",", ")"):
            return tuple(parts)
        if following != "&":
            return None
        start += 1


def _column_in_row(place: re.Match[str], at: Cell, written_at: Cell) -> int | None:
    """The column of a cell that is named, if it is in the formula's own row."""
    is_fixed_column, letters, is_fixed_row, number = place.groups()
    row, column = int(number), column_of(letters)
    if not is_fixed_row:
        row += at[0] - written_at[0]
    if not is_fixed_column:
        column += at[1] - written_at[1]
    return column if row == at[0] and column >= 0 else None
