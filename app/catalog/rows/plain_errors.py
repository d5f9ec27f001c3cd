"""Rows of a plain list that cannot be used, counted at a glance.

A file may have millions of them, of two bytes each. Only the first errors of a file are shown; of
the others nobody needs more than their number.
"""

import re
from collections.abc import Sequence

from app.catalog.cells.urls import WIDE_SEPARATORS
from app.catalog.header.detected import Detected
from app.catalog.text.records import Block

# One text that cannot be an address, a path, several parts or something with an address in it.
_ONE_WORD = re.compile(
    rf"(?!.*(?://|www\.|http))[^\s,;|<>()\[\]{{}}\"'`&=\\{WIDE_SEPARATORS}]+", re.IGNORECASE
)


class PlainErrors:
    """Counts the errors of rows without looking at their cells one by one.

    Args:
        images, name: the columns of the image URLs and of the product's name.
        others: columns that mean nothing; a row that has something in them is looked at.
    """

    def __init__(self, images: int, name: int, others: Sequence[int], width: int) -> None:
        self._images, self._name, self._others = images, name, others
        self._width = width

    @staticmethod
    def of(detected: Detected) -> "PlainErrors | None":
        """For a file; None where its rows need a close look."""
        layout, columns = detected.layout, detected.plain_columns
        if columns is None or len(layout.images) > 1:
            return None
        images, name = columns
        width = len(detected.header)
        known = (images, name, layout.serial_number)
        return PlainErrors(images, name, [n for n in range(width) if n not in known], width)

    def count(self, block: Block) -> tuple[int, int, Block]:
        """The unusable rows at a glance, the number of their errors, and the other rows."""
        rows = errors = 0
        others = []
        for index, cells in enumerate(block.rows):
            found = 0 if index in block.broken else self._errors(cells)
            if found:
                rows += 1
                errors += found
            else:
                others.append(index)
        return rows, errors, block.only(others) if rows else block

    def _errors(self, cells: list[str]) -> int:
        """How many errors a row has; 0: it is blank, or only a close look can tell."""
        size = len(cells)
        if size > self._images:
            cell = cells[self._images].strip()
            if size != self._width or (cell and not _ONE_WORD.fullmatch(cell)):
                return 0
            if any(cells[index] for index in self._others):
                return 0
        elif size > self._name and any(cells[n] for n in self._others if n < size):
            return 0
        name = cells[self._name] if size > self._name else ""
        if "\n" in name or "\r" in name:
            return 0
        if name.strip():
            return 1
        return 2 if any(map(str.strip, cells)) else 0
