"""How a file is to be read that is no list of three columns: a shop's export, or mapped columns."""

from dataclasses import asdict, dataclass
from typing import Any

from app.catalog.cells.separator import Separator


@dataclass(frozen=True, slots=True)
class ImageColumn:
    """A column of image cells: its index in the header, and what separates its addresses.

    `is_sibling`: nobody has named it; its cells without an address are no error.
    """

    index: int
    separator: Separator
    is_sibling: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """Which columns mean what, as indexes into the header.

    Rows with the same key are one product, and so are a variation and the row that its parent
    column names. Without `keys`, every row is a product.

    Attributes:
        images: in the sequence of the positions in a row: the known ones in the header's order,
            then their siblings in it.
        keys: the first one that is filled is the product's key.
        above_without_key: a row without a key belongs to the product above it.
        parent: names the product of a variation: by its key, or `id:` and the value in `parent_id`.
        row_type: only rows with one of `product_types` here are products.
        empty: texts in image cells that mean "no image".
        base_url_hint: what usually stands before relative paths; for messages.
        because: the headers by which all this was recognised.
    """

    images: tuple[ImageColumn, ...]
    product_name: int | None = None
    serial_number: int | None = None
    keys: tuple[int, ...] = ()
    above_without_key: bool = False
    parent: int | None = None
    parent_id: int | None = None
    row_type: int | None = None
    product_types: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    base_url_hint: str = ""
    because: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` makes an equal object of them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Export":
        """The object that `to_json` has described."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in document.items()
        }
        images = (
            ImageColumn(each["index"], Separator(each["separator"]), each.get("is_sibling", False))
            for each in values["images"]
        )
        return cls(**values | {"images": tuple(images)})
