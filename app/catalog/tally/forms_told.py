"""What is said of addresses that had to be read out of something else, once for each kind."""

from app.catalog.cells.wrapped.forms import FULL_CELL_CHARS, Form
from app.catalog.header.detected import Detected
from app.catalog.rows.forms_seen import FormsSeen, SeenForm

_WHAT = {
    Form.LIST: ("is a list in brackets or quotes", "are lists in brackets or quotes"),
    Form.NAMED: (
        "has addresses in parentheses",
        "have addresses in parentheses",
    ),
    Form.MARKDOWN: ("is written in Markdown", "are written in Markdown"),
    Form.HTML: ("is a piece of a web page (HTML)", "are pieces of web pages (HTML)"),
    Form.FORMULA: ("is a formula", "are formulas"),
}


def form_warnings(detected: Detected, forms: FormsSeen) -> list[str]:
    """A sentence for each form that image cells of the file have."""
    return [_told(detected, form, seen) for form, seen in forms.seen.items()]


def _told(detected: Detected, form: Form, seen: SeenForm) -> str:
    one = seen.cells == 1
    column = detected.column_name(seen.column)
    cells = f'1 cell of "{column}"' if one else f"{seen.cells:,} image cells"
    where = f"line {seen.line:,}" if one else f'the first in line {seen.line:,}, "{column}"'
    if form is Form.FULL:
        return (
            f"{cells} {'is' if one else 'are'} exactly {FULL_CELL_CHARS:,} characters long "
            f"({where}), the most that a spreadsheet keeps in a cell: the rest may have been cut "
            "off. Check whether the last addresses are there."
        )
    if form is Form.HOST_FIRST:
        return (
            f"{cells} {'has' if one else 'have'} addresses that begin with // ({where}: "
            f"{seen.example}). They are read as https."
        )
    return (
        f"{cells} {_WHAT[form][0 if one else 1]} ({where}: {seen.example}). The addresses in "
        f"{'it' if one else 'them'} are read; check how many images were counted."
    )
