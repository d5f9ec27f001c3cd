"""Addresses of a plain list outside of its image columns that may have been meant as images."""

from collections.abc import Container, Iterable, Sequence

from app.catalog.cells.urls import contains_url, looks_like_url
from app.catalog.header.detected import Detected
from app.catalog.text.grid import LF
from app.catalog.text.records import Block

# Columns whose name says that they hold addresses of their own.
_ADDRESS_WORDS = ("url", "link", "image", "picture", "photo", "video", "web", "site", "href", "www")


class AddressesBeside:
    """Looks at good rows of one plain list.

    Args:
        images: the image column that is known by its name.
    """

    def __init__(self, detected: Detected, images: int) -> None:
        self._detected = detected
        self._columns = frozenset(detected.layout.image_columns)
        self._neighbour = _neighbour(detected, images)
        # Column -> how many of its cells hold addresses that are not read, and the first line.
        self._beside: dict[str, tuple[int, int]] = {}
        self._swallowed: dict[str, tuple[int, int]] = {}

    @property
    def columns(self) -> Container[str]:
        """The names of columns that `warnings` tells of."""
        return self._beside

    def look_at_plain(self, block: Block) -> None:
        """Look at a block of good rows."""
        if self._may_have_some(block):
            for line, cells in zip(block.lines, block.rows, strict=True):
                self.look_at(line, cells)

    def look_at(self, line: int, cells: Sequence[str]) -> None:
        """Look at one row."""
        name_of = self._detected.column_name
        if self._neighbour is not None and looks_like_url(cells[self._neighbour]):
            _note(self._beside, name_of(self._neighbour), line)
        for index, cell in enumerate(cells):
            if index in self._columns or "\n" not in cell or self._detected.workbook:
                continue
            if contains_url(cell.partition("\n")[2]):
                _note(self._swallowed, name_of(index), line)

    def leave_out(self, names: Iterable[str]) -> None:
        """Say nothing of these columns."""
        for name in names:
            self._beside.pop(name, None)

    def warnings(self) -> list[str]:
        """A sentence for each column."""
        return [
            f'The column "{column}" beside the image URLs holds web addresses in '
            f"{_cells(count)} (first in line {line:,}). They are kept and not fetched. If they are "
            "images, put all image URLs of a row into one cell, in quotes."
            for column, (count, line) in self._beside.items()
        ] + [
            f'The column "{column}" has text of several lines with web addresses in '
            f"{_cells(count)} (first in line {line:,}). If rows are missing there, look for a "
            "quote that is not closed."
            for column, (count, line) in self._swallowed.items()
        ]

    def _may_have_some(self, block: Block) -> bool:
        """Whether `look_at` may find something in a block of good rows."""
        if block.grid is None:
            return block.multiline or self._neighbour is not None
        if self._neighbour is not None and contains_url(block.grid.column(self._neighbour)):
            return True
        if not block.multiline:
            return False
        beside = (
            block.grid.column(index)
            for index in range(len(self._detected.header))
            if index not in self._columns
        )
        return any(LF in column and contains_url(column) for column in beside)


def _neighbour(detected: Detected, images: int) -> int | None:
    """The next column that has a name, if this name does not say that it holds addresses."""
    for index in range(images + 1, len(detected.header)):
        name = detected.header[index].strip().lower()
        if name:
            if index in detected.layout.image_columns:
                return None
            return None if any(word in name for word in _ADDRESS_WORDS) else index
    return None


def _note(notes: dict[str, tuple[int, int]], column: str, line: int) -> None:
    count, first = notes.get(column, (0, line))
    notes[column] = (count + 1, first)


def _cells(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
