"""Which columns of a file mean what: a plain list, a shop's export, or named by the caller."""

from collections.abc import Sequence
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
class Layout:
    """Which columns mean what, as indexes into the header.

    Rows with the same key are one product, and so are a variation and the row that its parent
    column names. Without `keys`, every row is a product.

    Attributes:
        images: in the sequence of the positions in a row: the known ones in the header's order,
            then their siblings in it; in a plain list, the one that is named as the main image
            comes first.
        runs_over: only in a plain list, where every row needs a name and an address: the image
            column whose addresses may run over into the cells behind it.
        keys: the first one that is filled is the product's key.
        above_without_key: a row without a key belongs to the product above it.
        group: the one of `keys` that puts variants together, whose names should be alike.
        parent: names the product of a variation: by its key, or `id:` and the value in `parent_id`.
        row_type: rows with something else than `product_types` here belong to the product above.
        labels_below: labels and explanations may be between the header and the first product.
        named_by_file: a product is called as the file of its first address.
        base_url_hint: what usually comes before relative paths; for messages.
        because: the headers by which an export was recognised.
    """

    images: tuple[ImageColumn, ...]
    product_name: int | None = None
    serial_number: int | None = None
    runs_over: int | None = None
    keys: tuple[int, ...] = ()
    above_without_key: bool = False
    group: int | None = None
    parent: int | None = None
    parent_id: int | None = None
    row_type: int | None = None
    product_types: tuple[str, ...] = ()
    labels_below: bool = False
    named_by_file: bool = False
    base_url_hint: str = ""
    because: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether it is a plain list: a product and its addresses in every row."""
        return self.runs_over is not None

    @property
    def groups_rows(self) -> bool:
        """Whether several rows may be one product."""
        columns = (self.parent, self.parent_id, self.row_type)
        grouped = bool(self.keys) or self.above_without_key
        return grouped or any(each is not None for each in columns)

    @property
    def image_columns(self) -> tuple[int, ...]:
        """The indexes of all image columns, in the sequence of their positions."""
        return tuple(each.index for each in self.images)

    @property
    def siblings(self) -> tuple[int, ...]:
        """Those of `image_columns` that are read without being known by their names."""
        return tuple(each.index for each in self.images if each.is_sibling)

    def nameless(self, header: Sequence[str]) -> range:
        """The columns without a name directly behind `runs_over`, which belong to it.

        Spreadsheets write such headers when the URLs of one cell were spread over several.
        """
        if self.runs_over is None:
            return range(0)
        end = self.runs_over + 1
        while end < len(header) and not header[end].strip():
            end += 1
        return range(self.runs_over + 1, end)

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` makes an equal object of them.

        Those of a plain list are the indexes that say all of it.
        """
        if self.runs_over is None:
            document = asdict(self)
            del document["runs_over"]
            return {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in document.items()
            }
        document = {
            "serial_number": self.serial_number,
            "product_name": self.product_name,
            "images": self.runs_over,
        }
        return document | ({"gallery": list(self.image_columns)} if self.siblings else {})

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Layout":
        """The object that `to_json` has described."""
        if not isinstance(document["images"], list):
            return plain_list(
                document["serial_number"],
                document["product_name"],
                document["images"],
                tuple(document.get("gallery", ())),
            )
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in document.items()
        }
        images = (
            ImageColumn(each["index"], Separator(each["separator"]), each.get("is_sibling", False))
            for each in values["images"]
        )
        return cls(**values | {"images": tuple(images)})


def plain_list(
    serial_number: int | None, product_name: int, images: int, gallery: Sequence[int] = ()
) -> Layout:
    """The layout of a plain list.

    Args:
        images: the image column that is known by its name.
        gallery: all image columns in the sequence of their positions, if there are further ones.
    """
    return Layout(
        images=tuple(
            ImageColumn(index, Separator.SCHEME, is_sibling=index != images)
            for index in gallery or (images,)
        ),
        product_name=product_name,
        serial_number=serial_number,
        runs_over=images,
    )
