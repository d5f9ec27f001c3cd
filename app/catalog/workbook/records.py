"""The rows of a sheet as the records of a CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from app.catalog.layouts.columns import MAX_LINES_BEFORE_HEADER
from app.catalog.workbook.addresses import Addresses
from app.catalog.workbook.marks import Marks
from app.catalog.workbook.values import Value, text_of

_BYTE_ORDER_MARK = "\ufeff"


def records(
    rows: Iterable[list[Value]],
    width: int,
    marks: Marks,
    addresses: Addresses,
    header_row: int | None,
) -> Iterator[Sequence[str]]:
    """The cells of each row, as wide as the sheet; one empty cell for an empty row between others.

    Args:
        header_row: until there, each record has one line; None: the row is not known.
    """
    last_above = MAX_LINES_BEFORE_HEADER if header_row is None else header_row
    empty = 0
    for number, row in enumerate(rows, start=1):
        cells = [cell if type(cell) is str else text_of(cell) for cell in row[:width]]
        cells += [""] * (width - len(cells))
        formats = marks.formats_in(number)
        # What formulas are made of is the number itself, not what its cell shows.
        values = list(cells) if formats else cells
        for column, number_format in formats.items():
            value = row[column] if column < len(row) else ""
            if isinstance(value, int | float) and not isinstance(value, bool):
                cells[column] = number_format.text(value) or cells[column]
        addresses.put_into(number, cells, values)
        if not any(map(str.strip, cells)):
            empty += 1
            continue
        for _ in range(empty):
            # One empty cell: without it, a blank line would be no record.
            yield [""]
        empty = 0
        yield cells if number > last_above else [" ".join(cell.split()) for cell in cells]


def width_of(rows: Iterable[list[Value]]) -> int:
    """How many columns have text."""
    width = 0
    for row in rows:
        # Nearly every row ends where the widest one did or before it, and needs no look at all.
        at = len(row)
        while at > width and not str(row[at - 1]).strip():
            at -= 1
        width = max(width, at)
    return width


def write_records(target: BinaryIO, written: Iterable[Sequence[str]]) -> None:
    """Write records as CSV: UTF-8 with a mark, comma, CR LF."""
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    text.write(_BYTE_ORDER_MARK)
    csv.writer(text).writerows(written)
    text.flush()
    text.detach()
