"""The fast path through blocks of a plain list whose rows are all good and of the simplest shape.

Columns of a block are read several times as fast as its rows one by one. `RowReader` is the only
door to this; a test holds that both say the same.
"""

from collections.abc import Iterator
from operator import itemgetter

from app.catalog.cells.checker import UrlChecker
from app.catalog.cells.plain import PlainCells, PlainReader
from app.catalog.cells.plain_gallery import read_gallery
from app.catalog.header.detected import Detected
from app.catalog.rows.input_rows import InputRow
from app.catalog.rows.usable_rows import UsableRows
from app.catalog.text.grid import CR, DELIMITER, LF, Grid
from app.catalog.text.records import Block


class PlainBlocks:
    """Reads whole blocks of one plain list.

    Args:
        images: the column whose addresses may run over.
        name: the column of the product's name.
        urls: judges single addresses.
    """

    def __init__(self, detected: Detected, images: int, name: int, urls: UrlChecker) -> None:
        layout = detected.layout
        self._delimiter = detected.delimiter
        self._serial = layout.serial_number
        self._name = name
        self._images = images
        self._columns = layout.image_columns
        self._width = len(detected.header)
        self._images_are_last = images + 1 == self._width
        self._readers = [PlainReader(urls) for _ in layout.images]

    def read(self, block: Block) -> PlainCells | None:
        """The URLs of a block whose rows are all good and of the simplest shape; else None.

        That shape: no control characters, every product with a name, every row as wide as the
        header or with unquoted URLs running over behind the last column, and plain image cells.
        """
        if block.broken or not block.clean:
            return None
        if block.grid is not None:
            return self._read_grid(block.grid)
        rows = block.rows
        widths = set(map(len, rows))
        if min(widths) < self._width:
            return None
        names = list(map(itemgetter(self._name), rows))
        if not all(map(str.strip, names)):
            return None
        if block.multiline and any(
            "\n" in row[index] or "\r" in row[index]
            for row in rows
            for index in (self._name, *self._columns)
        ):
            return None
        if len(self._columns) > 1:
            if max(widths) > self._width:
                return None
            columns = [list(map(itemgetter(index), rows)) for index in self._columns]
            return read_gallery(columns, self._readers)
        if max(widths) == self._width:
            cells = "\n".join(map(itemgetter(self._images), rows))
            return self._readers[0].read(cells, commas_inside=True)
        if self._images_are_last:
            # Every cell that ran over has to be a URL; a piece of one needs the closer look.
            joined = "\n".join([",".join(cells[self._images :]) for cells in rows])
            return self._readers[0].read(joined, commas_inside=False)
        return None

    def rows(self, block: Block, plain: PlainCells) -> Iterator[InputRow]:
        """The rows of a block that `read` has read."""
        serial, name, images, width = self._serial, self._name, self._images, self._width
        join = self._delimiter.join
        for line, cells, urls in zip(block.lines, block.rows, plain.urls_by_cell(), strict=True):
            if len(cells) > width:
                cells[images:] = [join(cells[images:])]
            yield InputRow(
                line,
                cells,
                "" if serial is None else cells[serial].strip(),
                cells[name].strip(),
                urls,
            )

    def usable_rows(self, block: Block, plain: PlainCells) -> UsableRows:
        """The same in columns, so that nothing is made for each row."""
        return UsableRows(
            block.lines,
            self._texts(block, self._serial),
            self._texts(block, self._name),
            plain.counts(),
            plain.urls,
        )

    def _read_grid(self, grid: Grid) -> PlainCells | None:
        names = grid.column(self._name)
        if LF in names or CR in names or not all(map(str.strip, names.split("\n"))):
            return None
        columns = [
            grid.column(index).replace(DELIMITER, self._delimiter) for index in self._columns
        ]
        if len(columns) > 1:
            return read_gallery([each.split("\n") for each in columns], self._readers)
        return self._readers[0].read(columns[0], commas_inside=True)

    def _texts(self, block: Block, index: int | None) -> list[str]:
        """What a column says, row by row."""
        if index is None:
            return [""] * block.count
        if block.grid is None:
            return list(map(str.strip, map(itemgetter(index), block.rows)))
        return list(map(str.strip, block.grid.cells(index)))
