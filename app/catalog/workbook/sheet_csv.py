"""An XLSX workbook -> a CSV that says the same: one of its sheets, row for row.

To be run away from the service: the parser holds the whole sheet in memory, and a workbook of some
KB can describe one of any size (`intake/workbook_child.py`).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile

import python_calamine

from app.catalog.header.detect import detect
from app.catalog.header.find import is_header
from app.catalog.header.sheet import Sheet
from app.catalog.layouts.columns import MAX_LINES_BEFORE_HEADER
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.text.kinds import SAVE_SHEET
from app.catalog.workbook.addresses import Addresses, ImageColumns
from app.catalog.workbook.archive import ArchiveLimits, check_workbook
from app.catalog.workbook.choose import choose_sheet
from app.catalog.workbook.marks import Marks, read_marks
from app.catalog.workbook.parts import DocumentTypeFound, Parts
from app.catalog.workbook.values import Value, text_of
from app.catalog.workbook.wanted import Wanted
from app.domain.errors import NotACsv, RequestError

_BYTE_ORDER_MARK = "\ufeff"

# Enough to find the header and what its columns hold.
_ROWS_LOOKED_AT = 400
_MAX_COLUMNS = 16_384
_DAMAGES = (
    *(python_calamine.CalamineError, expat.ExpatError, DocumentTypeFound),
    *(BadZipFile, OSError, ValueError),
)


def write_sheet(
    source: BinaryIO,
    target: BinaryIO,
    wanted: Wanted | None = None,
    limits: ArchiveLimits | None = None,
) -> Sheet:
    """Write the sheet that has the products as CSV: UTF-8 with a mark, comma, CR LF.

    Every row of the sheet is one record, also an empty one between others, and until the header is
    found also one line; so a record's number is the sheet's row number. Rows are as wide as the
    sheet's last column that has text. Empty rows at the end are left out.

    Numbers are written as Excel shows them in a cell without a format (15 digits, `1` for 1.0),
    or filled up with zeros where their format does so; dates as `2026-05-01` and
    `2026-05-01 13:30:00`. A formula counts by the value that was saved with it; a cell that shows
    an error (`#N/A`) is empty. In columns of images, an address behind a cell or in its formula
    takes the place of what the cell shows.

    Raises:
        NotACsv: no XLSX workbook, a damaged one, or one with a password.
        OptionInvalid: no sheet has the name that is wanted.
        UploadTooLarge: it unpacks to too much.
    """
    wanted = wanted or Wanted()
    check_workbook(source, limits or ArchiveLimits())
    source.seek(0)
    try:
        with python_calamine.load_workbook(source) as workbook:
            chosen = choose_sheet(workbook, wanted.sheet, wanted.mapping)
        marks = read_marks(Parts(source), chosen.sheet.name)
    except _DAMAGES as error:
        raise NotACsv(
            f"The file is an Excel workbook (XLSX), but it is damaged: {SAVE_SHEET}."
        ) from error
    sheet = Sheet.of_names(chosen.sheet.name, chosen.names, is_first=chosen.is_first)
    addresses = Addresses(marks, _image_columns(chosen.sheet, marks, wanted))
    _write(target, _records(chosen.sheet, marks, addresses, wanted.mapping))
    return addresses.told(sheet)


def _write(target: BinaryIO, records: Iterable[Sequence[str]]) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    text.write(_BYTE_ORDER_MARK)
    csv.writer(text).writerows(records)
    text.flush()
    text.detach()


def _image_columns(
    content: python_calamine.CalamineSheet, marks: Marks, wanted: Wanted
) -> ImageColumns:
    """Which columns may have addresses that are not what their cells show.

    What is in a column says whether it is one of images, so that the header is looked for in a
    sheet that has all its addresses in their cells.
    """
    if not marks.lead_somewhere:
        return ImageColumns({}, frozenset())
    everywhere = Addresses(marks, ImageColumns({}, frozenset(range(_MAX_COLUMNS))))
    start = io.BytesIO()
    _write(start, islice(_records(content, marks, everywhere, wanted.mapping), _ROWS_LOOKED_AT))
    try:
        detected = detect(
            start, columns=wanted.mapping, base_url=wanted.base_url, sheet=Sheet(content.name)
        )
    except RequestError:
        # Whoever reads the CSV is refused for the same reason, and proposed what is in it.
        return ImageColumns({}, None)
    layout = detected.layout
    images = frozenset((*layout.image_columns, *layout.nameless(detected.header)))
    return ImageColumns(
        dict(enumerate(map(str.strip, detected.header))), images, detected.header_row
    )


def _records(
    content: python_calamine.CalamineSheet,
    marks: Marks,
    addresses: Addresses,
    mapping: ColumnMapping | None,
) -> Iterator[Sequence[str]]:
    width = max(_width(content.iter_rows()), addresses.width)
    is_above, empty = True, 0
    for number, row in enumerate(content.iter_rows(), start=1):
        cells = [cell if type(cell) is str else text_of(cell) for cell in row[:width]]
        cells += [""] * (width - len(cells))
        for column, number_format in marks.formats_in(number).items():
            value = row[column] if column < len(row) else ""
            if isinstance(value, int | float) and not isinstance(value, bool):
                cells[column] = number_format.text(value) or cells[column]
        is_above = is_above and number <= MAX_LINES_BEFORE_HEADER
        header_is_here = is_above and is_header(cells, mapping)
        if not header_is_here:
            addresses.put_into(number, cells)
        if not any(map(str.strip, cells)):
            empty += 1
            continue
        for _ in range(empty):
            # One empty cell: without it, a blank line would be no record.
            yield [""]
        empty = 0
        if is_above:
            cells = [" ".join(cell.split()) for cell in cells]
            is_above = not (header_is_here or is_header(cells, mapping))
        yield cells


def _width(rows: Iterable[list[Value]]) -> int:
    width = 0
    for row in rows:
        # Nearly every row ends where the widest one did or before it, and needs no look at all.
        at = len(row)
        while at > width and not str(row[at - 1]).strip():
            at -= 1
        width = max(width, at)
    return width
