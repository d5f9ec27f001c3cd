"""What every reader of rows gives, and how it says what is wrong with one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.catalog.header.detected import Detected
from app.catalog.text.encodings import CONTROL
from app.catalog.text.records import Broken
from app.domain.errors import CellError

MAX_VALUE_CHARS = 200

# What is kept in other cells, and is a mistake in an address. A TAB and line breaks have words of
# their own (`cells.urls`).
_UNSEEN = re.compile(rf"{CONTROL.pattern}|[\x85\u2028\u2029]")
_UNSEEN_NAMES = {
    0x0B: "a vertical tab",
    0x0C: "a form feed",
    0x1A: "a Ctrl-Z",
    0x7F: "a DEL",
    0x85: "a next-line character",
    0x2028: "a line separator",
    0x2029: "a paragraph separator",
}


@dataclass(slots=True)
class InputRow:
    """One row of the file.

    `row` is the line in the file where it starts (the header is line 1). `cells` are the record as
    it goes into the output: as wide as the header, the unquoted URLs that had run over into further
    columns back in theirs; a row whose cells cannot be distinguished keeps them as they came, and a
    NUL is shown by its symbol. `urls` are cleaned: what is fetched; in an export
    those of all image columns, in the header's order. `errors` is not empty when the row cannot be
    used.
    """

    row: int
    cells: list[str]
    serial_number: str
    product_name: str
    urls: tuple[str, ...]
    errors: tuple[CellError, ...] = ()


class RowErrors:
    """Words for what is wrong with the rows of one file."""

    def __init__(self, detected: Detected) -> None:
        self._detected = detected

    def without_nul(self, line: int, cells: list[str], errors: list[CellError]) -> list[str]:
        """The cells with a symbol for each NUL; a cell that has one is added to `errors`."""
        shown = []
        for index, cell in enumerate(cells):
            if "\0" not in cell:
                shown.append(cell)
                continue
            visible = _visible(cell)
            shown.append(cell.replace("\0", _symbol(0)))
            message = (
                "The cell contains a control character (U+0000, NUL) that no text has. Remove it, "
                'or save the file as "CSV UTF-8" again.'
            )
            errors.append(self.error(line, index, visible, "control_character", message))
        return shown

    def control_in_address(self, line: int, index: int, address: str) -> CellError | None:
        """What to say of an address with a character that nobody sees; None: it has none."""
        match = _UNSEEN.search(address)
        if match is None:
            return None
        code = ord(match.group())
        name = _UNSEEN_NAMES.get(code, "a control character")
        message = (
            f"The address contains {name} (U+{code:04X}), which is not shown and which no address "
            "has. Remove it, or type the address again."
        )
        return self.error(line, index, _visible(address), "control_character", message)

    def broken(self, line: int, cells: list[str], broken: Broken) -> InputRow:
        """A row of which only the line is known."""
        cells = [cell.replace("\0", _symbol(0)) for cell in cells]
        value = _visible(self._detected.delimiter.join(cells[broken.column :]))
        message = broken.message + about_backslashes(cells)
        error = self.error(line, broken.column, value, broken.code, message)
        return InputRow(line, cells, "", "", (), (error,))

    def error(
        self, line: int, column: int, value: str | None, code: str, message: str
    ) -> CellError:
        """An error with a value that is not too long to show."""
        if value is not None and len(value) > MAX_VALUE_CHARS:
            value = value[: MAX_VALUE_CHARS - 3] + "..."
        return CellError(line, self._detected.column_name(column), value, code, message)


def about_backslashes(cells: Iterable[str]) -> str:
    """A sentence about quotes that a program has written as no CSV has them; "" where none are."""
    if not any('\\"' in cell for cell in cells):
        return ""
    return (
        ' The row has \\" in it: a quote inside a cell is doubled in a CSV, "", and takes no '
        "backslash. Export it that way (in PHP: fputcsv with an empty escape character)."
    )


def _visible(text: str) -> str:
    # Unseen characters could not be found by the owner.
    return _UNSEEN.sub(lambda match: _symbol(ord(match.group())), text)


def _symbol(code: int) -> str:
    # Unicode has a visible symbol for each: a NUL becomes U+2400. A NUL could not be stored as text
    # in a database, either.
    if code > 0x7F:
        return "\N{SYMBOL FOR NEWLINE}"
    return chr(0x2421 if code == 0x7F else 0x2400 + code)
