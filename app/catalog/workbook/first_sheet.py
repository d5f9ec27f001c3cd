"""An XLSX workbook -> a CSV that says the same: its first sheet, row for row.

To be run away from the service: the parser holds the whole sheet in memory, and a workbook of some
KB can describe one of any size (`intake/workbook_child.py`).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import BinaryIO

import python_calamine

from app.catalog.header.find import is_header
from app.catalog.header.sheet import Sheet
from app.catalog.layouts.columns import MAX_LINES_BEFORE_HEADER
from app.catalog.text.kinds import SAVE_SHEET
from app.catalog.workbook.archive import ArchiveLimits, check_workbook
from app.domain.errors import NotACsv

Value = str | int | float | bool | date | datetime | time | timedelta

_BYTE_ORDER_MARK = "\ufeff"


# Sheets named in a warning, and how much of a name; a workbook may have any number of both.
_OTHERS_NAMED = 5
_NAME_CHARS = 40


def write_first_sheet(
    source: BinaryIO, target: BinaryIO, limits: ArchiveLimits | None = None
) -> Sheet:
    """Write the first sheet that can be seen as CSV: UTF-8 with a mark, comma, CR LF.

    Every row of the sheet is one record, also an empty one between others, and until the header is
    found also one line; so a record's number is the sheet's row number. Rows are as wide as the
    sheet's last column that has text. Empty rows at the end are left out.

    Numbers are written as Excel shows them in a cell without a format (15 digits, `1` for 1.0),
    dates as `2026-05-01` and `2026-05-01 13:30:00`. A formula counts by the value that was saved
    with it; a cell that shows an error (`#N/A`) is empty.

    Raises:
        NotACsv: no XLSX workbook, a damaged one, or one with a password.
        UploadTooLarge: it unpacks to too much.
    """
    check_workbook(source, limits or ArchiveLimits())
    source.seek(0)
    try:
        with python_calamine.load_workbook(source) as workbook:
            sheet, content = _first_sheet(workbook)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise NotACsv(
            f"The file is an Excel workbook (XLSX), but it is damaged: {SAVE_SHEET}."
        ) from error
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    text.write(_BYTE_ORDER_MARK)
    csv.writer(text).writerows(_records(content))
    text.flush()
    text.detach()
    return sheet


def _first_sheet(
    workbook: python_calamine.CalamineWorkbook,
) -> tuple[Sheet, python_calamine.CalamineSheet]:
    tables = [
        each
        for each in workbook.sheets_metadata
        if each.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    seen = [each for each in tables if each.visible == python_calamine.SheetVisibleEnum.Visible]
    first = next(iter(seen or tables), None)
    if first is None:
        raise NotACsv(f"The Excel workbook (XLSX) has no sheet with a table: {SAVE_SHEET}.")
    others = [name for name in workbook.sheet_names if name != first.name]
    named = tuple(name[:_NAME_CHARS] for name in others[:_OTHERS_NAMED])
    sheet = Sheet(first.name[:_NAME_CHARS], named, len(others))
    return sheet, workbook.get_sheet_by_name(first.name)


def _records(sheet: python_calamine.CalamineSheet) -> Iterator[Sequence[str]]:
    width = _width(sheet.iter_rows())
    is_above, empty = True, 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [cell if type(cell) is str else _text(cell) for cell in row[:width]]
        if not any(map(str.strip, cells)):
            empty += 1
            continue
        for _ in range(empty):
            # One empty cell: without it, a blank line would be no record.
            yield [""]
        empty = 0
        if is_above:
            cells = [" ".join(cell.split()) for cell in cells]
            is_above = number < MAX_LINES_BEFORE_HEADER and not is_header(cells)
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


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        if value.time() == time():
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    # Decimal spells out what would be 1e+22; infinity, which no sheet should have, stays a word.
    return format(Decimal(f"{value:.15g}"), "f")
