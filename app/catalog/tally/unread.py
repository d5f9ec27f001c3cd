"""Columns beside those that are read: which of them hold addresses of pictures all the same.

Every block of the file is looked at, because such a column may begin to be filled anywhere. One
count tells for most blocks that no address is outside of the columns that are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.cells.checker import UrlChecker
from app.catalog.cells.none_words import NONE_WORDS
from app.catalog.cells.plain import PlainReader
from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import (
    contains_url,
    is_address_of_picture,
    looks_like_path,
    looks_like_url,
)
from app.catalog.cells.wrapped.find import may_be_wrapped, unwrapped
from app.catalog.header.detected import Detected
from app.catalog.header.siblings import is_named_as_images
from app.catalog.layouts.columns import OUTPUT_COLUMN, find_column
from app.catalog.text.grid import Grid
from app.catalog.text.records import Block
from app.domain.formats import CATALOG_EXTENSIONS

# Before each host, whether a scheme is before it or not; and as JSON may write it.
_HOST = "//"
_ESCAPED_HOST = "\\/\\/"
# Each is looked for in all of a text, so none that has another one in it: ".tif" finds ".tiff".
_ENDINGS = tuple(
    f".{each}"
    for each in CATALOG_EXTENSIONS
    if not any(each != other and each.startswith(other) for other in CATALOG_EXTENSIONS)
)
_VALUE_CHARS = 60


@dataclass(slots=True)
class SeenColumn:
    """What is known of a column so far.

    Attributes:
        is_sibling: it is read as a further image column.
        any_address: no address has to end like a picture's.
        first: the line of the first address (of a picture, unless `any_address`).
        other: the line and the text of the first cell that could not be read as image addresses.
    """

    index: int
    is_sibling: bool
    any_address: bool
    plain: PlainReader
    first: int | None = None
    other: tuple[int, str] | None = None

    @property
    def is_known(self) -> bool:
        """Whether further rows can tell nothing more."""
        return self.first is not None and self.other is not None


class UnreadColumns:
    """Looks at the columns that are not read, and at those that are read without being asked for.

    Args:
        detected: what is read.
    """

    def __init__(self, detected: Detected) -> None:
        self._detected = detected
        # Words for "no picture" are none of the columns that could be named: these are read like
        # those of an export. In a further column of a plain list, they are warned about.
        self._unnamed = CellReader(detected.base_url, NONE_WORDS)
        self._siblings = CellReader(detected.base_url)
        self._has_base_url = detected.base_url is not None
        # The line of the first row with more cells than the header.
        self.wide: int | None = None
        siblings = set(detected.layout.siblings)
        urls = UrlChecker()
        aside = {
            *set(detected.layout.image_columns).difference(siblings),
            *detected.layout.nameless(detected.header),
            find_column(detected.header, OUTPUT_COLUMN),
        }
        self._columns = [
            SeenColumn(
                index,
                index in siblings,
                index in siblings or is_named_as_images(detected.header[index]),
                PlainReader(urls),
            )
            for index in range(len(detected.header))
            if index not in aside
        ]

    def look_at_plain(self, block: Block, places: int) -> None:
        """Look at a block whose image columns hold nothing but this number of addresses."""
        if block.grid is None:
            self.look_at_rows(block.lines, block.rows)
        else:
            self._look_at_grid(block, block.grid, is_plain=True, read=places)

    def look_at_block(self, block: Block) -> None:
        """Look at a block whose cells are each in its column, but for rows that are too wide."""
        if block.grid is None:
            good = [index for index in range(block.count) if index not in block.broken]
            self.look_at_rows(
                [block.lines[index] for index in good], [block.rows[index] for index in good]
            )
            return
        read = sum(
            block.grid.column(index).count(_HOST) for index in self._detected.layout.image_columns
        )
        self._look_at_grid(block, block.grid, is_plain=False, read=read)

    def look_at_rows(self, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> None:
        """Look at rows whose cells are known to be each in its column."""
        for column in self._columns:
            if not column.is_known:
                index = column.index
                cells = [row[index] if index < len(row) else "" for row in rows]
                self._look(column, lines, cells, "\n".join(cells))

    def note_wide(self, line: int) -> None:
        """Note a row with more cells than the header, which named columns could not be read of."""
        if self.wide is None:
            self.wide = line

    def unread(self) -> list[SeenColumn]:
        """The columns that hold addresses of pictures and are not read."""
        return [each for each in self._columns if each.first is not None and not each.is_sibling]

    def mixed_siblings(self) -> list[SeenColumn]:
        """The columns that are read as further ones, and also hold something else."""
        return [
            each
            for each in self._columns
            if each.is_sibling and each.first is not None and each.other is not None
        ]

    def _look_at_grid(self, block: Block, grid: Grid, *, is_plain: bool, read: int) -> None:
        has_more = grid.count_of(_HOST) != read or bool(grid.count_of(_ESCAPED_HOST))
        for column in self._columns:
            if column.is_known:
                continue
            if is_plain and column.is_sibling:
                if column.first is None and grid.column(column.index).strip("\n"):
                    column.first = block.lines[0]
                continue
            if not has_more and column.other is not None and not self._has_base_url:
                continue
            text = grid.column(column.index)
            if text.strip("\n"):
                self._look(column, block.lines, grid.cells(column.index), text)

    def _look(
        self, column: SeenColumn, lines: Sequence[int], cells: Sequence[str], text: str
    ) -> None:
        has_address = _HOST in text or _ESCAPED_HOST in text or self._has_base_url
        if column.first is None and has_address and (column.any_address or _has_ending(text)):
            column.first = self._first_address(column, lines, cells)
        if column.other is not None:
            return
        if column.first is None and f"\n{text}".count("\nhttp") == len(cells):
            # As long as there are no pictures, it is enough that these are addresses.
            return
        if has_address:
            # Most columns of addresses hold nothing else, and that is judged quickly.
            filled = "\n".join(filter(None, cells))
            if not filled or self._plain(column, filled):
                return
        for line, cell in zip(lines, cells, strict=True):
            if cell.strip() and self._is_other(column, cell):
                shown = " ".join(cell.split())
                if len(shown) > _VALUE_CHARS:
                    shown = shown[: _VALUE_CHARS - 3] + "..."
                column.other = (line, shown)
                return

    def _plain(self, column: SeenColumn, filled: str) -> bool:
        return column.plain.read(filled, commas_inside=True) is not None

    def _first_address(
        self, column: SeenColumn, lines: Sequence[int], cells: Sequence[str]
    ) -> int | None:
        for line, cell in zip(lines, cells, strict=True):
            # A text with an address somewhere in it is no address.
            if not (
                looks_like_url(cell)
                or (may_be_wrapped(cell) and unwrapped(cell) is not None)
                or (self._has_base_url and looks_like_path(cell.strip()))
            ):
                continue
            urls = self._reader(column).read(cell, Separator.ANY).urls
            if urls and (column.any_address or any(map(is_address_of_picture, urls))):
                return line
        return None

    def _reader(self, column: SeenColumn) -> CellReader:
        return self._siblings if column.is_sibling else self._unnamed

    def _is_other(self, column: SeenColumn, cell: str) -> bool:
        content = self._reader(column).read(cell, Separator.ANY)
        if column.is_sibling and (content.urls or contains_url(cell)):
            # What is wrong with it is an error of its row.
            return False
        return bool(content.bad)


def _has_ending(text: str) -> bool:
    """Whether a text has a picture's extension anywhere."""
    lowered = text.lower()
    return any(each in lowered for each in _ENDINGS)
