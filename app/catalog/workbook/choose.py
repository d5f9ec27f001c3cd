"""Which sheet of a workbook has the products."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

import python_calamine

from app.catalog.cells.urls import contains_url
from app.catalog.header.find import is_header
from app.catalog.layouts.columns import MAX_LINES_BEFORE_HEADER
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.text.kinds import SAVE_SHEET
from app.domain.errors import NotACsv, OptionInvalid

# How many lines below the place of a header are looked at for addresses.
_LINES_LOOKED_AT = 200
_NAMES_TOLD = 30


class _Use(IntEnum):
    """What a sheet is good for, from least to most."""

    NOTHING = 0
    TEXT = 1
    ADDRESSES = 2
    HEADER = 3
    PRODUCTS = 4


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sheet to read, how its names are listed, and whether others before it are of no use."""

    sheet: python_calamine.CalamineSheet
    names: Sequence[str]
    is_first: bool


def choose_sheet(
    workbook: python_calamine.CalamineWorkbook,
    wanted: str | None,
    mapping: ColumnMapping | None,
) -> Chosen:
    """The sheet with this name, or the first one that can be seen and has a header and products.

    Where no sheet has a header, the first one that has addresses is the one to ask about.

    Args:
        wanted: the name that the caller has given.
        mapping: the columns that the caller has named, which then make a header.
    Raises:
        NotACsv: there is no sheet with cells.
        OptionInvalid: no sheet has this name.
    """
    tables = [
        each
        for each in workbook.sheets_metadata
        if each.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    if not tables:
        raise NotACsv(f"The Excel workbook (XLSX) has no sheet with a table: {SAVE_SHEET}.")
    names = [each.name for each in tables]
    if wanted is not None:
        return Chosen(workbook.get_sheet_by_name(_named(names, wanted)), names, is_first=True)
    visible = python_calamine.SheetVisibleEnum.Visible
    seen = [each.name for each in tables if each.visible == visible] or names
    best: python_calamine.CalamineSheet | None = None
    best_use = -1
    for name in seen:
        sheet = workbook.get_sheet_by_name(name)
        use = _use_of(sheet, mapping) if len(seen) > 1 else _Use.NOTHING
        if best is None or use > best_use:
            best, best_use = sheet, use
        if use == _Use.PRODUCTS:
            break
    if best is None:
        raise NotACsv(f"The Excel workbook (XLSX) has no sheet with a table: {SAVE_SHEET}.")
    return Chosen(best, names, is_first=best.name == seen[0])


def _named(names: Sequence[str], wanted: str) -> str:
    for spelling in (str, str.strip, lambda name: name.strip().casefold()):
        found = [name for name in names if spelling(name) == spelling(wanted)]
        if found:
            return found[0]
    told = ", ".join(f'"{name}"' for name in names[:_NAMES_TOLD])
    more = f" and {len(names) - _NAMES_TOLD:,} more" if len(names) > _NAMES_TOLD else ""
    raise OptionInvalid(
        f'The workbook has no sheet "{wanted[:100]}". It has: {told}{more}. Send one of these '
        "names, or none, and the first sheet with a header is read.",
        option="sheet",
    )


def _use_of(sheet: python_calamine.CalamineSheet, mapping: ColumnMapping | None) -> _Use:
    use = _Use.NOTHING
    rows = islice(sheet.iter_rows(), MAX_LINES_BEFORE_HEADER + _LINES_LOOKED_AT)
    for number, row in enumerate(rows, start=1):
        cells = list(map(str, row))
        if not any(map(str.strip, cells)):
            continue
        if use == _Use.HEADER:
            return _Use.PRODUCTS
        if number <= MAX_LINES_BEFORE_HEADER and _is_header(cells, mapping):
            use = _Use.HEADER
        elif use < _Use.ADDRESSES:
            use = _Use.ADDRESSES if _has_addresses(cells) else _Use.TEXT
    return use


def _is_header(cells: Sequence[str], mapping: ColumnMapping | None) -> bool:
    return is_header([" ".join(cell.split()) for cell in cells], mapping)


def _has_addresses(cells: Iterable[str]) -> bool:
    # A single cell with an address is a remark on a cover.
    cells = [cell for cell in cells if cell.strip()]
    return len(cells) > 1 and any(map(contains_url, cells))
