"""Records of an export -> rows: the addresses of all image columns, and which product each is of.

Rows of one product mostly follow one another, and only the first one has its name. Names of earlier
products are remembered up to a number, so that memory does not grow with the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.catalog.cells.reader import CellReader
from app.catalog.cells.urls import contains_url
from app.catalog.header.detected import Detected
from app.catalog.layouts.layout import Export
from app.catalog.rows.input_rows import InputRow, RowErrors
from app.catalog.text.records import Block
from app.domain.errors import CellError

# A variation may stand far below the product that it names; one that stands farther is called by
# its key.
_NAMES_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class ProductOf:
    """Which product a row belongs to.

    `key` is one for all its rows. `names` are what variations may call a product by. `refers`: the
    row is a variation, and `key` is what it calls its product.
    """

    key: str
    names: tuple[str, ...] = ()
    refers: bool = False


class ProductReader:
    """Turns the records of one export into rows."""

    def __init__(self, detected: Detected, export: Export) -> None:
        self._detected = detected
        self._export = export
        self._width = len(detected.header)
        self._errors = RowErrors(detected)
        self._cells = CellReader(detected.base_url, export.empty)
        self._above: ProductOf | None = None
        self._names: dict[str, str] = {}

    def rows(self, block: Block) -> Iterator[InputRow]:
        """The rows of a block; blank ones (no cell has text) are left out."""
        for row, _ in self.rows_of_products(block):
            yield row

    def rows_of_products(self, block: Block) -> Iterator[tuple[InputRow, ProductOf | None]]:
        """The rows, each with its product; None where the row cannot be used."""
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
        errors: list[CellError] = []
        if not clean:
            cells = self._errors.without_control(line, cells, errors)
        extra = len(cells) - self._width
        if extra > 0 and any(map(str.strip, cells[self._width :])):
            errors.append(self._too_wide(line, cells))
            return InputRow(line, cells, "", "", (), tuple(errors)), None
        cells = cells[: self._width] if extra > 0 else cells + [""] * -extra
        product = self._product(line, cells)
        name = self._name(cells, product)
        urls: list[str] = []
        for column in self._export.images:
            cell = cells[column.index]
            if not cell:
                continue
            content = self._cells.read(cell, column.separator)
            if column.is_sibling and not content.urls and not contains_url(cell):
                continue
            urls += content.urls
            errors.extend(
                self._errors.error(line, column.index, each.value, "invalid_url", each.message)
                for each in content.bad
            )
        serial = _cell(cells, self._export.serial_number)
        row = InputRow(line, cells, serial, name, tuple(urls), tuple(errors))
        return row, None if errors else product

    def _product(self, line: int, cells: list[str]) -> ProductOf:
        """The product of a row; from here on, it is the one above."""
        export, above = self._export, self._above
        if export.row_type is not None and above is not None:
            kind = cells[export.row_type].strip().casefold()
            if kind and kind not in export.product_types:
                return above
        parent = _cell(cells, export.parent)
        if parent:
            product = ProductOf(_reference(parent), refers=True)
        else:
            number = _cell(cells, export.parent_id)
            by_id = f"id:{number}" if number else ""
            key = self._key(cells, by_id)
            if not key and export.above_without_key and above is not None:
                return above
            key = key or f"line:{line}"
            if above is not None and above.key == key and not above.refers:
                return above
            product = ProductOf(key, (key, by_id) if by_id else (key,))
        self._above = product
        return product

    def _key(self, cells: list[str], by_id: str) -> str:
        for index in self._export.keys:
            value = cells[index].strip()
            if value:
                return by_id if index == self._export.parent_id else value
        return ""

    def _name(self, cells: list[str], product: ProductOf) -> str:
        """The product's name: the row's own, or that of the row that has it."""
        export, names = self._export, self._names
        name = _cell(cells, export.product_name)
        belongs_to_above = (
            export.row_type is not None
            and cells[export.row_type].strip().casefold() not in export.product_types
        )
        if not name or (belongs_to_above and product.key in names):
            return names.get(product.key) or name or _shown(product.key)
        if not product.refers:
            for each in product.names:
                names.setdefault(each, name)
            while len(names) > _NAMES_REMEMBERED:
                del names[next(iter(names))]
        return name

    def _too_wide(self, line: int, cells: list[str]) -> CellError:
        message = (
            f"The row has {len(cells)} cells for {self._width} columns. Put quotes around every "
            "cell that contains the delimiter."
        )
        value = self._detected.delimiter.join(cells[self._width :])
        return self._errors.error(line, self._width, value, "unclear_columns", message)


def _cell(cells: list[str], index: int | None) -> str:
    return "" if index is None else cells[index].strip()


def _reference(parent: str) -> str:
    """What a variation calls its product by, as the product's own names are written."""
    kind, colon, number = parent.partition(":")
    if colon and kind.strip().casefold() == "id":
        return f"id:{number.strip()}"
    return parent


def _shown(key: str) -> str:
    kind, colon, _ = key.partition(":")
    return "" if colon and kind in ("line", "id") else key
