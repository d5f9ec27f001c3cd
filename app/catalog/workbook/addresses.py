"""Addresses that are behind the cells of a sheet or in their formulas, put in the cells' place."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.catalog.cells.urls import SCHEME, contains_url, ends_as_picture
from app.catalog.header.sheet import ReadOut, Sheet
from app.catalog.workbook.marks import Marks


@dataclass(frozen=True, slots=True)
class ImageColumns:
    """Where addresses count: columns by their index, with their names, below the header's row.

    `images` None: it is not known which columns are those of images.
    """

    names: Mapping[int, str]
    images: frozenset[int] | None
    header_row: int = 0


@dataclass(slots=True)
class Addresses:
    """Writes addresses into the rows of one sheet, and counts them."""

    marks: Marks
    where: ImageColumns
    _by_row: dict[int, list[int]] = field(default_factory=dict)
    _counts: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        by_row = defaultdict(list)
        for row, column in sorted({*self.marks.formulas, *self.marks.links}):
            by_row[row].append(column)
        self._by_row = dict(by_row)

    @property
    def width(self) -> int:
        """How many columns the sheet has at least, by its formulas that show pictures."""
        shown = [column for (_, column), each in self.marks.formulas.items() if each.is_image]
        return max(shown, default=-1) + 1

    def put_into(self, row: int, cells: list[str], values: Sequence[str]) -> None:
        """Write the addresses of a row into its cells.

        Args:
            values: what the cells say without number formats; formulas are made of them.
        """
        if row <= self.where.header_row:
            return
        columns = self._by_row.get(row, ())
        if columns:
            values = list(values)
        for column in columns:
            if column < len(cells):
                self._put(row, column, values, cells)

    def told(self, sheet: Sheet) -> Sheet:
        """The sheet, with what was read out of it."""
        found = (
            ReadOut(self.where.names.get(column) or f"column {column + 1}", how, count, first)
            for (column, how), (count, first) in self._counts.items()
        )
        return replace(sheet, read_out=tuple(found))

    def _put(self, row: int, column: int, values: Sequence[str], cells: list[str]) -> None:
        formula = self.marks.formulas.get((row, column))
        link = self.marks.links.get((row, column))
        how = ReadOut.LINK
        if formula is not None:
            address = formula.address(lambda other: values[other] if other < len(values) else "")
            is_address = address is not None and SCHEME.match(address) is not None
            if formula.is_image and address is not None and is_address:
                cells[column] = address
                self._note(row, column, ReadOut.FORMULA)
                return
            if formula.is_image or address is None:
                if self._is_image(column) and not contains_url(values[column]):
                    # It is named in the error of its row.
                    cells[column] = formula.text
                return
            if is_address:
                link, how = address, ReadOut.FORMULA
        # Where the cell itself has an address, that is the one that people see.
        if link is None or contains_url(values[column]):
            return
        is_picture = ends_as_picture(link.partition("?")[0])
        if self._is_image(column) or (self.where.images is None and is_picture):
            cells[column] = link
            self._note(row, column, how)
        elif is_picture:
            self._note(row, column, ReadOut.NOT_READ)

    def _is_image(self, column: int) -> bool:
        return self.where.images is not None and column in self.where.images

    def _note(self, row: int, column: int, how: str) -> None:
        count, first = self._counts.get((column, how), (0, row))
        self._counts[column, how] = (count + 1, first)
