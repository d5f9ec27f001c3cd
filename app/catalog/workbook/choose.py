"""Which sheet of a workbook has the products."""

from collections.abc import Sequence
from dataclasses import dataclass

import python_calamine

from app.catalog.text.kinds import SAVE_SHEET
from app.catalog.workbook.look import SheetKind, look_at
from app.catalog.workbook.marks import Marks, may_lead_somewhere, read_marks
from app.catalog.workbook.parts import Parts
from app.catalog.workbook.wanted import Wanted
from app.domain.errors import NotACsv, OptionInvalid

_NAMES_TOLD = 30
_NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sheet to read, how its names are listed, and whether others before it are of no use.

    `marks` are those of its cells.
    """

    sheet: python_calamine.CalamineSheet
    marks: Marks
    names: Sequence[str]
    is_first: bool


def choose_sheet(
    workbook: python_calamine.CalamineWorkbook, parts: Parts, wanted: Wanted
) -> Chosen:
    """The sheet with the name that is wanted, or the first one that can be seen and has products.

    Where none has, one that could be read at all; then the one with the most rows of addresses,
    which is the one to ask about.

    Raises:
        NotACsv: there is no sheet with cells.
        OptionInvalid: no sheet has this name.
        expat.ExpatError, DocumentTypeFound: a part is damaged.
    """
    tables = [
        each
        for each in workbook.sheets_metadata
        if each.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    if not tables:
        raise NotACsv(f"The Excel workbook (XLSX) has no sheet with a table: {SAVE_SHEET}.")
    names = [each.name for each in tables]
    visible = python_calamine.SheetVisibleEnum.Visible
    seen = [each.name for each in tables if each.visible == visible] or names
    if wanted.sheet is not None:
        seen = [_named(names, wanted.sheet)]
    best = _Candidate(workbook.get_sheet_by_name(seen[0]))
    if len(seen) > 1:
        best.try_out(parts, wanted)
    for name in seen[1:]:
        if best.fit[0] == SheetKind.PRODUCTS:
            break
        candidate = _Candidate(workbook.get_sheet_by_name(name))
        candidate.try_out(parts, wanted)
        if candidate.fit > best.fit:
            best = candidate
    marks = read_marks(parts, best.sheet.name) if best.marks is None else best.marks
    return Chosen(best.sheet, marks, names, is_first=best.sheet.name == seen[0])


@dataclass(slots=True)
class _Candidate:
    """A sheet that may be read, and what was found out about it."""

    sheet: python_calamine.CalamineSheet
    fit: tuple[SheetKind, int] = (SheetKind.NOTHING, 0)
    marks: Marks | None = None

    def try_out(self, parts: Parts, wanted: Wanted) -> None:
        self.fit = look_at(self.sheet, _NO_MARKS, wanted).fit
        if self.fit[0] < SheetKind.PRODUCTS and may_lead_somewhere(parts, self.sheet.name):
            # Its addresses may be behind its cells.
            self.marks = read_marks(parts, self.sheet.name)
            self.fit = look_at(self.sheet, self.marks, wanted).fit


def _named(names: Sequence[str], wanted: str) -> str:
    for spelling in (str, str.strip, lambda name: name.strip().casefold()):
        found = [name for name in names if spelling(name) == spelling(wanted)]
        if found:
            return found[0]
    told = ", ".join(f'"{name}"' for name in names[:_NAMES_TOLD])
    more = f" and {len(names) - _NAMES_TOLD:,} more" if len(names) > _NAMES_TOLD else ""
    raise OptionInvalid(
        f'The workbook has no sheet "{wanted[:100]}". It has: {told}{more}. Send one of these '
        "names, or none, and the first sheet with products is read.",
        option="sheet",
    )
