"""Records -> products: which cell is which, what overflowed, and what is wrong with a row."""

from collections.abc import Iterable, Iterator
from operator import itemgetter

from app.catalog.cells.plain import PlainCells, PlainReader
from app.catalog.cells.plain_gallery import read_gallery
from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import BadUrl, contains_url, ends_as_picture, looks_like_url
from app.catalog.header.detected import Detected
from app.catalog.layouts.columns import IMAGES, PRODUCT_NAME
from app.catalog.rows.input_rows import InputRow, RowErrors
from app.catalog.rows.usable_rows import UsableRows
from app.catalog.text.grid import CR, DELIMITER, LF, QUOTE, Grid
from app.catalog.text.records import Block
from app.domain.errors import CellError


class RowReader:
    """Turns the records of one file into rows.

    Columns without a name directly behind the images column belong to it: spreadsheets write such
    headers when URLs in one cell were spread over several.
    """

    def __init__(self, detected: Detected) -> None:
        columns, header = detected.list_columns, detected.header
        self._detected = detected
        self._serial = columns.serial_number
        self._name = columns.product_name
        self._images = columns.images
        self._width = len(header)
        # The images cell and its unnamed neighbours are cells[images:behind].
        self._behind = columns.behind(header).stop
        self._images_are_last = self._behind == self._width
        self._gallery = columns.image_columns
        self._errors = RowErrors(detected)
        self._cells = CellReader(detected.base_url)
        self._has_base_url = detected.base_url is not None
        self._plain = PlainReader(self._cells.urls)
        self._plain_by_column = [PlainReader(self._cells.urls) for _ in columns.gallery]
        # What a grid has instead of signs inside of cells.
        self._stand_ins = ((DELIMITER, detected.delimiter), (QUOTE, '"'), (LF, "\n"), (CR, "\r"))

    def rows(self, block: Block) -> Iterator[InputRow]:
        """The rows of a block; blank ones (no cell has text) are left out."""
        plain = self.plain(block)
        if plain is not None:
            yield from self._plain_rows(block, plain)
        else:
            yield from self.rows_one_by_one(block)

    def rows_one_by_one(self, block: Block) -> Iterator[InputRow]:
        """The same, without the fast way for blocks that are plain."""
        for index, (line, cells) in enumerate(zip(block.lines, block.rows, strict=True)):
            if not any(cells) or not any(map(str.strip, cells)):
                continue
            if index in block.broken:
                yield self._errors.broken(line, cells, block.broken[index])
            else:
                yield self._row(line, cells, clean=block.clean)

    def usable_rows(self, block: Block) -> UsableRows:
        """The rows of a block that can be used; quickly where the block is plain."""
        plain = self.plain(block)
        if plain is None:
            return UsableRows.of(self.rows_one_by_one(block))
        return UsableRows(
            block.lines,
            self._texts(block, self._serial),
            self._texts(block, self._name),
            plain.counts(),
            plain.urls,
        )

    def image_cell(self, cells: list[str]) -> str:
        """The text of a record's images cell, with what ran over."""
        return self._shape(cells)[1]

    def place_in(self, cells: list[str], index: int, taken: int) -> int:
        """Where a column's cell stands in a record whose images cell takes up so many cells."""
        if index < self._behind or len(cells) <= self._width:
            return index
        return self._images + taken + index - self._behind

    def plain(self, block: Block) -> PlainCells | None:
        """The URLs of a block whose rows are all good and of the simplest shape; else None.

        That shape: no control characters, every product with a name, every row as wide as the
        header or with unquoted URLs running over behind the last column, and plain image cells.
        """
        images = self._images
        if block.broken or not block.clean or self._behind > images + 1 or self._has_base_url:
            return None
        if block.grid is not None:
            return self._plain_grid(block.grid)
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
            for index in (self._name, *self._gallery)
        ):
            return None
        if self._plain_by_column:
            if max(widths) > self._width:
                return None
            columns = [list(map(itemgetter(index), rows)) for index in self._gallery]
            return read_gallery(columns, self._plain_by_column)
        if max(widths) == self._width:
            cells = "\n".join(map(itemgetter(images), rows))
            return self._plain.read(cells, commas_inside=True)
        if self._images_are_last:
            # Every cell that ran over has to be a URL; a piece of one needs the closer look.
            joined = "\n".join([",".join(cells[images:]) for cells in rows])
            return self._plain.read(joined, commas_inside=False)
        return None

    def _plain_grid(self, grid: Grid) -> PlainCells | None:
        names = grid.column(self._name)
        if LF in names or CR in names or not all(map(str.strip, names.split("\n"))):
            return None
        columns = [
            grid.column(index).replace(DELIMITER, self._detected.delimiter)
            for index in self._gallery
        ]
        if self._plain_by_column:
            return read_gallery([each.split("\n") for each in columns], self._plain_by_column)
        return self._plain.read(columns[0], commas_inside=True)

    def _texts(self, block: Block, index: int | None) -> list[str]:
        """What a column of a plain block says, row by row."""
        if index is None:
            return [""] * block.count
        cells: Iterable[str]
        if block.grid is None:
            cells = map(itemgetter(index), block.rows)
        else:
            lines = block.grid.column(index)
            cells = lines.split("\n")
            for stand_in, sign in self._stand_ins:
                if stand_in in lines:
                    cells = [cell.replace(stand_in, sign) for cell in cells]
        return list(map(str.strip, cells))

    def _plain_rows(self, block: Block, plain: PlainCells) -> Iterator[InputRow]:
        serial, name, images, width = self._serial, self._name, self._images, self._width
        join = self._detected.delimiter.join
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

    def _row(self, line: int, cells: list[str], *, clean: bool) -> InputRow:
        errors: list[CellError] = []
        if not clean:
            cells = self._errors.without_control(line, cells, errors)
        shaped, image_cell, is_clear = self._shape(cells)
        if not is_clear:
            value, message = self._join(cells[self._images :]), self._unclear(cells)
            errors.append(self._errors.error(line, self._images, value, "unclear_columns", message))
            return InputRow(line, cells, "", "", (), tuple(errors))
        name = shaped[self._name].strip()
        if not name:
            errors.append(
                self._errors.error(
                    line, self._name, None, "missing_value", f"{PRODUCT_NAME} is empty. Fill it in."
                )
            )
        elif contains_url(name) and ("\n" in name or "\r" in name) and not self._detected.workbook:
            # Two quotes in two rows can make one cell of all that stands between them.
            message = (
                "This cell runs over several lines and has swallowed a web address. Look for a "
                "quote in this row that is not closed."
            )
            errors.append(self._errors.error(line, self._name, name, "unclosed_quote", message))
        urls: list[str] = []
        bad: list[tuple[int, BadUrl]] = []
        for index in self._gallery:
            is_main = index == self._images
            cell = image_cell if is_main else shaped[index]
            content = self._cells.read(cell, Separator.SCHEME)
            urls += content.urls
            if is_main or content.urls or contains_url(cell):
                bad += [(index, each) for each in content.bad]
        if not urls and not bad:
            message = f"{IMAGES} is empty. Put in at least one address that begins with http(s)://."
            errors.append(self._errors.error(line, self._images, None, "missing_value", message))
        errors.extend(
            self._errors.error(line, index, each.value, "invalid_url", each.message)
            for index, each in bad
        )
        serial = "" if self._serial is None else shaped[self._serial].strip()
        return InputRow(line, shaped, serial, name, tuple(urls), tuple(errors))

    def _shape(self, cells: list[str]) -> tuple[list[str], str, bool]:
        """Bring a row to the header's width: its cells, and the text that holds all its URLs.

        False as the third value: it cannot be said which cell belongs to which column.
        """
        images, behind, width = self._images, self._behind, self._width
        extra = len(cells) - width
        if extra <= 0:
            cells = cells + [""] * -extra
            end, is_clear = self._end_of_urls(cells, behind, images + 1)
            return cells, self._join(cells[images:end]), is_clear

        # At most `extra` cells have run over, and at least so many that the cells cut off at the
        # row's end are empty ones.
        longest = behind + extra
        shortest = longest - _empty_at_the_end(cells, extra)
        if self._images_are_last:
            end, is_clear = self._end_of_urls(cells, longest, longest)
            is_clear = is_clear and not any(map(str.strip, cells[end:]))
            following = []
        else:
            end, is_clear = self._end_of_urls(cells, longest, shortest)
            is_clear = is_clear and not any(map(str.strip, cells[end:shortest]))
            end = max(end, shortest)
            following = cells[end : end + width - behind]
        image_cell = self._join(cells[images:end])
        unnamed = [""] * (behind - images - 1)
        return [*cells[:images], image_cell, *unnamed, *following], image_cell, is_clear

    def _end_of_urls(self, cells: list[str], limit: int, certain: int) -> tuple[int, bool]:
        """Where the URLs end that begin in the images cell and run on to the right.

        A cell belongs to them when it is a URL, or a piece of one that has a comma: it stands
        behind something that does not end like a picture's address. Such a piece may as well be the
        next column's value when it stands at `certain` or behind it and has no slash: then, and
        when a URL follows a cell that is no part of one, the second value is False.
        """
        end = self._images + 1
        whole = ends_as_picture(cells[self._images])
        for index in range(end, limit):
            cell = cells[index]
            if not cell.strip():
                continue
            if looks_like_url(cell):
                if whole and any(map(str.strip, cells[end:index])):
                    return end, False
            elif whole:
                continue
            elif index >= certain and "/" not in cell:
                return end, False
            end = index + 1
            whole = ends_as_picture(cell)
        return end, True

    def _join(self, cells: list[str]) -> str:
        return cells[0] if len(cells) == 1 else self._detected.delimiter.join(cells)

    def _unclear(self, cells: list[str]) -> str:
        if self._detected.workbook:
            return (
                f'Behind "{self._detected.column_name(self._images)}" are cells without a column '
                "name, and it cannot be said whether they belong to the image URLs. Give their "
                "columns names, or put all image URLs of a row into one cell."
            )
        return (
            f"The row has {len(cells)} cells for {self._width} columns, and it cannot be said "
            "which of them are image URLs and which belong to other columns. Put quotes around "
            "every cell that contains the delimiter, above all around the image URLs."
        )


def _empty_at_the_end(cells: list[str], at_most: int) -> int:
    count = 0
    while count < at_most and not cells[-1 - count].strip():
        count += 1
    return count
