"""Counting a file: products, places, distinct URLs and hosts, in memory that hardly grows."""

from collections.abc import Sequence

from app.catalog.cells.urls import origin_of
from app.catalog.header.detected import Detected
from app.catalog.rows.input_rows import InputRow
from app.catalog.rows.plain_errors import PlainErrors
from app.catalog.rows.products import ProductOf
from app.catalog.rows.reader import RowReader
from app.catalog.tally.addresses import AddressCounter
from app.catalog.tally.beside import AddressesBeside
from app.catalog.tally.categories import Categories
from app.catalog.tally.findings import Findings
from app.catalog.tally.forms_told import form_warnings
from app.catalog.tally.products import ProductCounter
from app.catalog.tally.share_pages import SharePages
from app.catalog.tally.unread import UnreadColumns
from app.catalog.tally.unread_told import addable_columns, unread_warnings
from app.catalog.text.records import Block

_ROWS_AT_ONCE = 4_000


class Tally:
    """Takes a file block by block and counts it.

    `rows` are all that were seen, usable or not.
    """

    def __init__(self, detected: Detected, shares: SharePages | None = None) -> None:
        layout = detected.layout
        self.findings = Findings(detected, warnings=list(detected.warnings))
        self.rows = 0
        self._reader = RowReader(detected)
        self._errors = PlainErrors.of(detected)
        self._addresses = AddressCounter(shares)
        self._unread = UnreadColumns(detected)
        self._products = ProductCounter() if layout.groups_rows else None
        self._categories = None
        if layout.group is not None and layout.product_name is not None:
            self._categories = Categories(layout.group, layout.product_name)
        self._beside = None
        if layout.runs_over is not None:
            self._beside = AddressesBeside(detected, layout.runs_over)

    def add(self, block: Block) -> None:
        """Count the rows of a block."""
        plain = self._reader.plain(block)
        if plain is None:
            self._add_rows(block)
        else:
            self.rows += block.count
            self.findings.products += block.count
            self._addresses.add(plain.urls, plain.origins)
            self._unread.look_at_plain(block, len(plain.urls))
            if self._beside is not None:
                self._beside.look_at_plain(block)
        if self.findings.detected.layout.is_list:
            self._note_wide(block)

    def finish(self) -> Findings:
        """The counts of all blocks."""
        findings = self.findings
        findings.take(self._addresses)
        if self._products is None:
            findings.products -= self._reader.label_count
        else:
            findings.products = self._products.count()
        if self._categories is not None:
            findings.warnings += self._categories.warnings(findings.detected)
        findings.warnings += form_warnings(findings.detected, self._reader.forms)
        findings.warnings += self._reader.label_warnings()
        findings.addable = addable_columns(findings.detected, self._unread)
        if self._beside is None:
            findings.warnings += unread_warnings(findings.detected, self._unread)
            return findings
        self._beside.leave_out(findings.addable)
        findings.warnings += unread_warnings(
            findings.detected, self._unread, told=self._beside.columns
        )
        findings.warnings += self._beside.warnings()
        return findings

    def _add_rows(self, block: Block) -> None:
        # Rows with all that is known of them take a hundred times the memory of a short line.
        for part in block.parts(_ROWS_AT_ONCE):
            self._add_part(part)
        if self._beside is None:
            self._unread.look_at_block(block)

    def _add_part(self, block: Block) -> None:
        if self._errors is not None and self.findings.is_full and block.clean:
            bad, errors, block = self._errors.count(block)
            self.rows += bad
            self.findings.count_errors(bad, errors)
        rows: list[InputRow] = []
        urls: list[str] = []
        products: list[ProductOf] = []
        for row, product in self._reader.rows_of_products(block):
            rows.append(row)
            self._addresses.note(row.urls)
            if row.errors:
                self.findings.add_errors(row.errors)
                continue
            urls += row.urls
            if product is not None:
                products.append(product)
        self.rows += len(rows)
        self._addresses.add(urls, list(map(origin_of, urls)))
        if self._products is None:
            self.findings.products += sum(not row.errors for row in rows)
        else:
            self._products.add(products)
        if self._categories is not None:
            self._categories.look_at([row for row in rows if not row.errors])
        if self._beside is not None:
            self._look_beside(self._beside, rows)

    def _look_beside(self, beside: AddressesBeside, rows: Sequence[InputRow]) -> None:
        """Look at the cells of a plain list that are not read."""
        for row in rows:
            if not row.errors:
                beside.look_at(row.row, row.cells)
        whole = [row for row in rows if len(row.cells) == len(self.findings.detected.header)]
        self._unread.look_at_rows([row.row for row in whole], [row.cells for row in whole])

    def _note_wide(self, block: Block) -> None:
        if block.grid is None:
            width = len(self.findings.detected.header)
            for line, cells in zip(block.lines, block.rows, strict=True):
                if len(cells) > width and any(map(str.strip, cells[width:])):
                    self._unread.note_wide(line)
                    return
