"""Which product a row belongs to, where several rows may be one, and what it is called.

Rows of one product mostly follow one another, and only the first one has its name. Names of earlier
products are remembered up to a number, so that memory does not grow with the file.
"""

from dataclasses import dataclass

from app.catalog.layouts.layout import Layout

# A variation may be far below the product that it names; one that is farther away is called by its
# key.
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


class ProductFinder:
    """Tells which product each row of one file belongs to; asked for the rows in their order."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._above: ProductOf | None = None
        self._names: dict[str, str] = {}

    def product(self, line: int, cells: list[str]) -> ProductOf:
        """The product of a row; from here on, it is the one above."""
        layout, above = self._layout, self._above
        if layout.row_type is not None and above is not None:
            kind = cells[layout.row_type].strip().casefold()
            if kind and kind not in layout.product_types:
                return above
        parent = _cell(cells, layout.parent)
        if parent:
            product = ProductOf(_reference(parent), refers=True)
        else:
            number = _cell(cells, layout.parent_id)
            by_id = f"id:{number}" if number else ""
            key = self._key(cells, by_id)
            if not key and layout.above_without_key and above is not None:
                return above
            key = key or f"line:{line}"
            if above is not None and above.key == key and not above.refers:
                return above
            product = ProductOf(key, (key, by_id) if by_id else (key,))
        self._above = product
        return product

    def _key(self, cells: list[str], by_id: str) -> str:
        for index in self._layout.keys:
            value = cells[index].strip()
            if value:
                return by_id if index == self._layout.parent_id else value
        return ""

    def name(self, name: str, cells: list[str], product: ProductOf) -> str:
        """The product's name: the row's own, or that of the row that has it.

        Args:
            name: what the row itself says.
        """
        layout, names = self._layout, self._names
        belongs_to_above = (
            layout.row_type is not None
            and cells[layout.row_type].strip().casefold() not in layout.product_types
        )
        if not name or (belongs_to_above and product.key in names):
            return names.get(product.key) or name or _shown(product.key)
        if not product.refers:
            for each in product.names:
                names.setdefault(each, name)
            while len(names) > _NAMES_REMEMBERED:
                del names[next(iter(names))]
        return name


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
