"""What cells of a sheet have beside their values: number formats, formulas, links."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.catalog.cells.urls import SCHEME
from app.catalog.workbook.formulas import Cell, Formula, column_of, parse_formula
from app.catalog.workbook.number_formats import ZeroFormat
from app.catalog.workbook.parts import Parts, local_name, new_parser

_SIGNS = (b"IMAGE(", b"HYPERLINK(", b"hyperlink ")
_PLACE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_ROW = re.compile(r"\d{1,7}")
_AREA = re.compile(rf"{_PLACE.pattern}(?::{_PLACE.pattern})?")
# A link over a whole column means the cells that people see, which are fewer.
_MAX_AREA = 100_000
# Bits of the numbers of columns and formats.
_BITS = 16
_MOST = (1 << _BITS) - 1


@dataclass(slots=True)
class Marks:
    """The marks of one sheet; rows count from 1, columns from 0.

    Attributes:
        formulas: those that lead to addresses.
        links: addresses behind cells.
        formats: those of `numbers`.
    """

    formulas: dict[Cell, Formula] = field(default_factory=dict)
    links: dict[Cell, str] = field(default_factory=dict)
    formats: Sequence[ZeroFormat] = ()
    # Numbers with such a format, one integer each (`_packed`) in their order: a list of objects
    # would be larger than the sheet.
    numbers: "array[int]" = field(default_factory=lambda: array("q"))

    @property
    def lead_somewhere(self) -> bool:
        """Whether a cell has an address that is not its text."""
        return bool(self.formulas or self.links)

    def formats_in(self, row: int) -> Mapping[int, ZeroFormat]:
        """The formats of a row's numbers, by column."""
        numbers = self.numbers
        if not numbers:
            return {}
        first = bisect_left(numbers, _packed(row, 0, 0))
        last = bisect_left(numbers, _packed(row + 1, 0, 0), first)
        return {
            number >> _BITS & _MOST: self.formats[number & _MOST] for number in numbers[first:last]
        }


def _packed(row: int, column: int, index: int) -> int:
    return (row << _BITS | column) << _BITS | index


def may_lead_somewhere(parts: Parts, sheet: str) -> bool:
    """Whether a sheet may have marks that do; far quicker than to read them."""
    part = parts.sheet_part(sheet)
    return part is not None and parts.holds(part, *_SIGNS)


def read_marks(parts: Parts, sheet: str) -> Marks:
    """The marks of a sheet; empty where nothing in the archive speaks of any.

    Raises:
        expat.ExpatError, DocumentTypeFound: a part is damaged.
    """
    part = parts.sheet_part(sheet)
    if part is None:
        return Marks()
    formats = parts.zero_formats()
    if not formats and not parts.holds(part, *_SIGNS):
        return Marks()
    reader = _Reader(formats)
    reader.read(parts, part)
    # Cells are in their order in what every known program writes, so that this hardly moves any.
    numbers = array("q", np.sort(np.array(reader.numbers, dtype=np.int64), kind="stable").tobytes())
    links = _links(reader.links, parts.link_targets(part))
    return Marks(reader.formulas, links, reader.formats, numbers)


class _Reader:
    """Reads a sheet's XML from its start to its end."""

    def __init__(self, formats: Mapping[str, ZeroFormat]) -> None:
        self.formulas: dict[Cell, Formula] = {}
        self.links: list[dict[str, str]] = []
        self.numbers = array("q")
        self.formats = list(formats.values())[: _MOST + 1]
        self._styles = dict(zip(formats, range(_MOST + 1), strict=False))
        self._parser = new_parser()
        self._row = 0
        self._column = -1
        self._formula: dict[str, str] = {}
        self._text: list[str] = []
        # Number of a shared formula -> its text, and the cell for which it is written.
        self._shared: dict[str, tuple[str, Cell]] = {}

    def read(self, parts: Parts, part: str) -> None:
        parts.parse(part, self._start, self._parser)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = local_name(name)
        if name == "c":
            place = attributes.get("r")
            match = _PLACE.fullmatch(place) if place else None
            if match is None:
                self._column += 1
            else:
                self._column = column_of(match.group(1))
                self._row = int(match.group(2))
            index = self._styles.get(attributes.get("s", ""))
            if index is not None and attributes.get("t", "n") == "n" and self._column <= _MOST:
                self.numbers.append(_packed(self._row, self._column, index))
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if _ROW.fullmatch(number) else self._row + 1
            self._column = -1
        elif name == "f":
            self._formula, self._text = attributes, []
            self._parser.CharacterDataHandler = self._text.append
            self._parser.EndElementHandler = self._end_of_formula
        elif name == "hyperlink":
            self.links.append(attributes)

    def _end_of_formula(self, _: str) -> None:
        self._parser.CharacterDataHandler = self._parser.EndElementHandler = None
        cell = written_at = self._row, self._column
        text = "".join(self._text)
        shared = self._formula.get("si") if self._formula.get("t") == "shared" else None
        if shared is not None and text:
            self._shared[shared] = (text, cell)
        elif shared is not None:
            text, written_at = self._shared.get(shared, ("", cell))
        formula = parse_formula(text, cell, written_at)
        if formula is not None:
            self.formulas[cell] = formula


def _links(found: list[dict[str, str]], targets: Mapping[str, str]) -> dict[Cell, str]:
    links: dict[Cell, str] = {}
    for attributes in found:
        named = {local_name(name): value for name, value in attributes.items()}
        address = targets.get(named.get("id", ""), "")
        area = _AREA.fullmatch(named.get("ref", ""))
        if area is None or not SCHEME.match(address):
            continue
        if named.get("location"):
            address = f"{address}#{named['location']}"
        links |= dict.fromkeys(_cells(area), address)
    return links


def _cells(area: re.Match[str]) -> list[Cell]:
    left, top, right, bottom = area.groups()
    first_column, last_column = column_of(left), column_of(right or left)
    first_row, last_row = int(top), int(bottom or top)
    count = (last_row - first_row + 1) * (last_column - first_column + 1)
    if count > _MAX_AREA:
        return []
    return [
        (row, column)
        for row in range(first_row, last_row + 1)
        for column in range(first_column, last_column + 1)
    ]
