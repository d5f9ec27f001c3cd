"""What the first rows of a sheet are good for."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

import python_calamine

from app.catalog.cells.urls import contains_url, looks_like_path
from app.catalog.header.detect import detect
from app.catalog.header.detected import Detected
from app.catalog.header.find import is_header
from app.catalog.header.sheet import Sheet
from app.catalog.layouts.columns import MAX_LINES_BEFORE_HEADER
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.workbook.addresses import Addresses, ImageColumns
from app.catalog.workbook.marks import Marks
from app.catalog.workbook.records import records, width_of, write_records
from app.catalog.workbook.values import Value, text_of
from app.catalog.workbook.wanted import Wanted
from app.domain.errors import CsvInvalid, RequestError

# Enough to find the header and what its columns hold.
_ROWS_LOOKED_AT = 400
_MAX_COLUMNS = 16_384


class SheetKind(IntEnum):
    """What a sheet is good for, from least to most."""

    NOTHING = 0
    TEXT = 1
    PROPOSED = 2
    HEADER = 3
    ROWS = 4
    PRODUCTS = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in the first rows.

    Attributes:
        detected: how the sheet would be read; None: it would be refused.
        rows: cells, with the addresses that are behind them.
        is_proposed: the refusal says which columns may be meant.
    """

    detected: Detected | None
    rows: Sequence[Sequence[str]]
    is_proposed: bool = False

    @property
    def fit(self) -> tuple[SheetKind, int]:
        """What the sheet is good for; if it would be refused, how many rows have addresses."""
        if self.detected is None:
            # A single cell with an address is a remark on a cover.
            told = sum(len(_filled(row)) > 1 and any(map(contains_url, row)) for row in self.rows)
            if self.is_proposed:
                return SheetKind.PROPOSED, told
            return (SheetKind.TEXT if any(map(_filled, self.rows)) else SheetKind.NOTHING), told
        below = [row for row in self.rows[self.detected.header_row :] if _filled(row)]
        if not below:
            return SheetKind.HEADER, 0
        columns = self._image_columns(self.detected)
        images = (row[column] for row in below for column in columns if column < len(row))
        return (SheetKind.PRODUCTS if any(map(_is_image, images)) else SheetKind.ROWS), 0

    @property
    def header_row(self) -> int | None:
        """The header's row, 0 where there is none; None: the sheet would be refused."""
        return None if self.detected is None else self.detected.header_row

    @property
    def images(self) -> ImageColumns:
        """Which columns may have addresses that are not what their cells show."""
        if self.detected is None:
            # Whoever reads the CSV is refused for the same reason, and proposed what is in it.
            return ImageColumns({}, None)
        names = dict(enumerate(map(str.strip, self.detected.header)))
        return ImageColumns(names, self._image_columns(self.detected), self.detected.header_row)

    def _image_columns(self, detected: Detected) -> frozenset[int]:
        layout = detected.layout
        return frozenset((*layout.image_columns, *layout.nameless(detected.header)))


def look_at(content: python_calamine.CalamineSheet, marks: Marks, wanted: Wanted) -> Look:
    """Read the first rows of a sheet as if they were all.

    What is in a column says whether it is one of images, so that the header is looked for in rows
    that have all addresses in their cells.
    """
    rows = list(islice(content.iter_rows(), _ROWS_LOOKED_AT))
    header_row = _known_header(rows, wanted.mapping)
    everywhere = ImageColumns({}, frozenset(range(_MAX_COLUMNS)), header_row or 0)
    addresses = Addresses(marks, everywhere)
    width = max(width_of(rows), addresses.width)
    read = list(records(rows, width, marks, addresses, header_row))
    start = io.BytesIO()
    write_records(start, read)
    try:
        detected = detect(
            start, columns=wanted.mapping, base_url=wanted.base_url, sheet=Sheet(content.name)
        )
    except CsvInvalid as error:
        return Look(None, read, bool(error.detected and error.detected["columns"]["images"]))
    except RequestError:
        return Look(None, read)
    return Look(detected, read)


def _known_header(rows: Sequence[list[Value]], mapping: ColumnMapping | None) -> int | None:
    for number, row in enumerate(rows[:MAX_LINES_BEFORE_HEADER], start=1):
        if is_header([" ".join(text_of(cell).split()) for cell in row], mapping):
            return number
    return None


def _filled(row: Sequence[str]) -> list[str]:
    return [cell for cell in row if cell.strip()]


def _is_image(cell: str) -> bool:
    return contains_url(cell) or looks_like_path(cell.strip())
