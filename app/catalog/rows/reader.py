"""Records -> rows, whatever the layout: the addresses of all image columns, and what is wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.catalog.cells.plain import PlainCells
from app.catalog.cells.urls import contains_url, name_of_file
from app.catalog.header.detected import Detected
from app.catalog.layouts.columns import IMAGES, PRODUCT_NAME
from app.catalog.rows.cell_readers import cell_reader
from app.catalog.rows.forms_seen import FormsSeen
from app.catalog.rows.input_rows import InputRow, RowErrors, about_backslashes
from app.catalog.rows.labels import LabelRows
from app.catalog.rows.plain_blocks import PlainBlocks
from app.catalog.rows.products import ProductFinder, ProductOf
from app.catalog.rows.shape import Shaper
from app.catalog.rows.usable_rows import UsableRows
from app.catalog.text.records import Block
from app.domain.errors import CellError


class RowReader:
    """Turns the records of one file into rows; `forms` are what it has read addresses out of."""

    def __init__(self, detected: Detected) -> None:
        layout = detected.layout
        self._detected = detected
        self._layout = layout
        self._errors = RowErrors(detected)
        self._shaper = Shaper(detected)
        self.forms = FormsSeen()
        self._cells = cell_reader(detected)
        self._products = ProductFinder(layout) if layout.groups_rows else None
        columns = detected.plain_columns
        # The fast path.
        self._plain = PlainBlocks(detected, *columns, self._cells.urls) if columns else None
        self._labels = LabelRows() if layout.labels_below else None

    def rows(self, block: Block) -> Iterator[InputRow]:
        """The rows of a block; blank ones (no cell has text) are left out."""
        plain = self.plain(block)
        if plain is not None and self._plain is not None:
            yield from self._plain.rows(block, plain)
        else:
            yield from self.rows_one_by_one(block)

    def usable_rows(self, block: Block) -> UsableRows:
        """The rows of a block that can be used; quickly where the block is plain."""
        plain = self.plain(block)
        if plain is not None and self._plain is not None:
            return self._plain.usable_rows(block, plain)
        return UsableRows.of(self.rows_one_by_one(block))

    @property
    def label_count(self) -> int:
        """How many rows so far are labels and no products."""
        return 0 if self._labels is None else len(self._labels.lines)

    def label_warnings(self) -> list[str]:
        """What is to be said of rows so far that are labels and no products."""
        return [] if self._labels is None else self._labels.warnings()

    def plain(self, block: Block) -> PlainCells | None:
        """The URLs of a block that may be read by the fast path; else None."""
        return self._plain.read(block) if self._plain is not None else None

    def rows_one_by_one(self, block: Block) -> Iterator[InputRow]:
        """The rows of a block, without the fast path."""
        for row, _ in self.rows_of_products(block):
            yield row

    def rows_of_products(self, block: Block) -> Iterator[tuple[InputRow, ProductOf | None]]:
        """The same, each with its product; None where every row is one, or the row is unusable."""
        for index, (line, cells) in enumerate(zip(block.lines, block.rows, strict=True)):
            if not any(cells) or not any(map(str.strip, cells)):
                continue
            if index in block.broken:
                yield self._errors.broken(line, cells, block.broken[index]), None
            else:
                yield self._row(line, cells, clean=block.clean)

    def _row(
        self, line: int, cells: list[str], *, clean: bool
    ) -> tuple[InputRow, ProductOf | None]:
        layout = self._layout
        errors: list[CellError] = []
        if not clean:
            cells = self._errors.without_nul(line, cells, errors)
        shaped, image_cell, unclear = self._shaper.shape(cells)
        if unclear is not None:
            column, value, message = unclear
            message += about_backslashes(cells)
            errors.append(self._errors.error(line, column, value, "unclear_columns", message))
            return InputRow(line, cells, "", "", (), tuple(errors)), None
        index = layout.product_name
        name = "" if index is None else shaped[index].strip()
        product = None
        if self._products is not None:
            product = self._products.product(line, shaped)
            name = self._products.name(name, shaped, product)
        if layout.is_list:
            self._check_name(line, name, errors)
        urls = self._urls(line, shaped, image_cell, errors)
        if self._labels is not None and self._labels.is_one(line, name, urls, errors):
            return InputRow(line, shaped, "", "", ()), None
        if layout.named_by_file and urls:
            name = name_of_file(urls[0])
        index = layout.serial_number
        serial = "" if index is None else shaped[index].strip()
        if errors:
            errors[0] = replace(errors[0], message=errors[0].message + about_backslashes(cells))
        row = InputRow(line, shaped, serial, name, tuple(urls), tuple(errors))
        return row, None if errors else product

    def _urls(
        self, line: int, cells: list[str], image_cell: str, errors: list[CellError]
    ) -> list[str]:
        """The addresses of a row; what is wrong with its image cells is added to `errors`."""
        layout = self._layout
        urls: list[str] = []
        count = len(errors)
        for column in layout.images:
            index = column.index
            cell = image_cell if index == layout.runs_over else cells[index]
            if not cell:
                continue
            content = self._cells.read(cell, column.separator)
            if column.is_sibling and not content.urls and not contains_url(cell):
                continue
            self.forms.note(line, index, cell, content)
            urls += content.urls
            if not cell.isprintable():
                errors += self._unseen(line, index, content.urls)
            if content.bad:
                errors += [
                    self._errors.control_in_address(line, index, each.value)
                    or self._errors.error(line, index, each.value, "invalid_url", each.message)
                    for each in content.bad
                ]
        if layout.runs_over is not None and not urls and len(errors) == count:
            message = f"{IMAGES} is empty. Put in at least one address that begins with http(s)://."
            errors.append(
                self._errors.error(line, layout.runs_over, None, "missing_value", message)
            )
        return urls

    def _unseen(self, line: int, index: int, urls: Iterable[str]) -> list[CellError]:
        found = (self._errors.control_in_address(line, index, url) for url in urls)
        return [each for each in found if each is not None]

    def _check_name(self, line: int, name: str, errors: list[CellError]) -> None:
        index = self._layout.product_name
        if index is None:
            return
        if not name:
            message = f"{PRODUCT_NAME} is empty. Fill it in."
            errors.append(self._errors.error(line, index, None, "missing_value", message))
        elif ("\n" in name or "\r" in name) and contains_url(name) and not self._detected.workbook:
            # Two quotes in two rows can make one cell of all that is between them.
            message = (
                "This cell runs over several lines and has swallowed a web address. Look for a "
                "quote in this row that is not closed."
            )
            errors.append(self._errors.error(line, index, name, "unclosed_quote", message))
