"""Counting an export: products of several rows, places of several columns."""

from collections.abc import Sequence
from itertools import chain

from app.catalog.cells.urls import origin_of
from app.catalog.header.detected import Detected
from app.catalog.layouts.layout import Export
from app.catalog.rows.products import ProductOf, ProductReader
from app.catalog.tally.distinct import DistinctCounter
from app.catalog.tally.findings import Findings, start_findings
from app.catalog.tally.share_pages import SharePages
from app.catalog.tally.unread import UnreadColumns
from app.catalog.tally.unread_told import addable_columns, unread_warnings
from app.catalog.text.records import Block


class ExportTally:
    """Takes an export block by block and counts it, as `Tally` does with a plain list.

    Products are counted by hashes of their keys: 8 bytes for each run of rows of one product.
    """

    def __init__(
        self, detected: Detected, export: Export, shares: SharePages | None = None
    ) -> None:
        self.findings, self._addresses = start_findings(detected, shares)
        self.rows = 0
        self._reader = ProductReader(detected, export)
        self._unread = UnreadColumns(detected)
        self._last: ProductOf | None = None
        self._products = DistinctCounter()
        # What variations may call products by, and the same with what they do call them.
        self._names = DistinctCounter()
        self._names_and_references = DistinctCounter()

    def add(self, block: Block) -> None:
        """Count the rows of a block."""
        urls: list[str] = []
        products: list[ProductOf] = []
        for row, product in self._reader.rows_of_products(block):
            self.rows += 1
            if product is None:
                self.findings.add_errors(row.errors)
                self._addresses.note(row.urls)
                continue
            if product is not self._last:
                self._last = product
                products.append(product)
            urls += row.urls
        self._addresses.add(urls, list(map(origin_of, urls)))
        self._add_products(products)
        self._unread.look_at_export(block)

    def finish(self) -> Findings:
        """The counts of all blocks."""
        # A product that is not in the file, and that only its variations name, is one, too.
        not_in_file = self._names_and_references.distinct() - self._names.distinct()
        self.findings.products = self._products.distinct() + not_in_file
        self.findings.take(self._addresses)
        self.findings.addable = addable_columns(self.findings.detected, self._unread)
        self.findings.warnings += unread_warnings(self.findings.detected, self._unread)
        return self.findings

    def _add_products(self, products: Sequence[ProductOf]) -> None:
        own = [product for product in products if not product.refers]
        names = list(chain.from_iterable(product.names for product in own))
        self._products.add([product.key for product in own])
        self._names.add(names)
        references = [product.key for product in products if product.refers]
        self._names_and_references.add([*names, *references])
