"""How many products there are, where several rows may be one."""

from collections.abc import Sequence
from itertools import chain

from app.catalog.rows.products import ProductOf
from app.catalog.tally.distinct import DistinctCounter


class ProductCounter:
    """Counts products by hashes of their keys: 8 bytes for each run of rows of one product."""

    def __init__(self) -> None:
        self._last: ProductOf | None = None
        self._products = DistinctCounter()
        # What variations may call products by, and the same with what they do call them.
        self._names = DistinctCounter()
        self._names_and_references = DistinctCounter()

    def add(self, products: Sequence[ProductOf]) -> None:
        """Count the products of some rows, in the order of the rows."""
        runs = []
        for product in products:
            if product is not self._last:
                self._last = product
                runs.append(product)
        own = [product for product in runs if not product.refers]
        names = list(chain.from_iterable(product.names for product in own))
        self._products.add([product.key for product in own])
        self._names.add(names)
        references = [product.key for product in runs if product.refers]
        self._names_and_references.add([*names, *references])

    def count(self) -> int:
        """How many there are; one that only its variations name also counts."""
        not_in_file = self._names_and_references.distinct() - self._names.distinct()
        return self._products.distinct() + not_in_file
