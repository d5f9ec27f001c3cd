"""An XLSX workbook -> a CSV that says the same: one of its sheets, row for row.

To be run away from the service: the parser holds the whole sheet in memory, and a workbook of some
KB can describe one of any size (`intake/workbook_child.py`).
"""

from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile

import python_calamine

from app.catalog.header.sheet import Sheet
from app.catalog.text.kinds import SAVE_SHEET
from app.catalog.workbook.addresses import Addresses
from app.catalog.workbook.archive import ArchiveLimits, check_workbook
from app.catalog.workbook.choose import choose_sheet
from app.catalog.workbook.look import look_at
from app.catalog.workbook.parts import DocumentTypeFound, Parts
from app.catalog.workbook.records import records, width_of, write_records
from app.catalog.workbook.wanted import Wanted
from app.domain.errors import NotACsv

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
            chosen = choose_sheet(workbook, Parts(source), wanted)
    except _DAMAGES as error:
        raise NotACsv(
            f"The file is an Excel workbook (XLSX), but it is damaged: {SAVE_SHEET}."
        ) from error
    content, marks = chosen.sheet, chosen.marks
    look = look_at(content, marks, wanted)
    addresses = Addresses(marks, look.images)
    width = max(width_of(content.iter_rows()), addresses.width)
    rows = content.iter_rows()
    write_records(target, records(rows, width, marks, addresses, look.header_row))
    return addresses.told(Sheet.of_names(content.name, chosen.names, is_first=chosen.is_first))
