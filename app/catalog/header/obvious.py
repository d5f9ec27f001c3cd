"""Files that are no list with serial numbers, and leave no doubt about their columns all the same.

Exports with columns of the owner's choice, of data bases with attachments, and data sets have a
name and images under the usual names, and a number of another kind or lists in their cells.
"""

import re
from collections.abc import Sequence

from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import contains_url
from app.catalog.header.lines import Candidate
from app.catalog.layouts.columns import IMAGES, PRODUCT_NAME, plain_name
from app.catalog.layouts.layout import ImageColumn, Layout

# What takes a serial number's place, the likeliest first.
_NUMBERS = (
    *("sku", "articlenumber", "articleno", "artikelnummer", "itemnumber", "productcode", "code"),
    *("handle", "asin", "productid", "itemid", "id"),
)
# `["https://..."]`, and `photo.jpg (https://...)` as data bases write their attachments.
_LIST = re.compile(r"\s*\[.*\]\s*", re.DOTALL)
_EMPTY_LIST = re.compile(r"\s*\[\s*\]\s*")
_ATTACHMENTS = re.compile(r"[^()]*\(https?://[^()\s]+\)", re.IGNORECASE)


def obvious_layout(line: Candidate, rows: Sequence[Sequence[str]]) -> Layout | None:
    """The layout of a file whose header has a name and images that cannot mean anything else.

    Args:
        rows: the first ones below the header.
    """
    found, cells = line.found, line.cells
    if found.is_clear or PRODUCT_NAME not in found.places:
        # A list in our own words has to be a whole one.
        return None
    name = found.places[PRODUCT_NAME]
    plain = [plain_name(cell) for cell in cells]
    number = next((plain.index(each) for each in _NUMBERS if each in plain), None)
    images = [index for index in range(len(cells)) if plain[index] and _holds_lists(rows, index)]
    if not images and number is not None and IMAGES in found.places:
        images = [index for index in (found.places[IMAGES],) if _holds_addresses(rows, index)]
    if not images or name in images:
        return None
    told_by = [index for index in (number, name, *images) if index is not None]
    return Layout(
        images=tuple(ImageColumn(index, Separator.ANY) for index in images),
        product_name=name,
        serial_number=number,
        because=tuple(dict.fromkeys(cells[index].strip() for index in told_by)),
    )


def obvious_warning(line: Candidate, layout: Layout) -> str:
    """What the owner has to know of a layout that `obvious_layout` has found."""

    def names(*indexes: int | None) -> str:
        return ", ".join(f'"{line.cells[index].strip()}"' for index in indexes if index is not None)

    number = names(layout.serial_number)
    return (
        f"{names(layout.product_name)} is read as the products' name, "
        f"{names(*layout.image_columns)} as their images"
        f"{f' and {number} as their number' if number else ''}; every row is a product. If other "
        'columns are meant, name them: columns={"product_name":"...","images":["..."]}'
    )


def _cells_of(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index] for row in rows if index < len(row) and row[index].strip()]


def _holds_addresses(rows: Sequence[Sequence[str]], index: int) -> bool:
    return any(map(contains_url, _cells_of(rows, index)))


def _holds_lists(rows: Sequence[Sequence[str]], index: int) -> bool:
    """Whether every filled cell of a column is a list, and one of them has an address."""
    cells = [each for each in _cells_of(rows, index) if not _EMPTY_LIST.fullmatch(each)]
    return bool(cells) and all(
        contains_url(each) and (_LIST.fullmatch(each) or _ATTACHMENTS.match(each)) for each in cells
    )
