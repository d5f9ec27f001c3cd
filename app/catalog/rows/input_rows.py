"""What every reader of rows gives, and how it says what is wrong with one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.catalog.header.detected import Detected
from app.catalog.text.encodings import CONTROL
from app.catalog.text.records import Broken
from app.domain.errors import CellError

MAX_VALUE_CHARS = 200


@dataclass(slots=True)
class InputRow:
    """One row of the file.

    `row` is the line in the file where it starts (the header is line 1). `cells` are the record as
    it goes into the output: as wide as the header, the unquoted URLs that had run over into further
    columns back in theirs; a row whose cells cannot be told apart keeps them as they came, and a
    control character is shown by its symbol. `urls` are cleaned: what is fetched; in an export
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

    def without_control(self, line: int, cells: list[str], errors: list[CellError]) -> list[str]:
        """The cells with symbols for control characters, each of which is added to `errors`."""
        shown = []
        for index, cell in enumerate(cells):
            match = CONTROL.search(cell)
            if match is None:
                shown.append(cell)
                continue
            visible = CONTROL.sub(_symbol, cell)
            shown.append(visible)
            code = ord(match.group())
            message = (
                f"The cell contains a control character (U+{code:04X}"
                f"{', NUL' if code == 0 else ''}) that no text has. Remove it, or save the file "
                'as "CSV UTF-8" again.'
            )
            errors.append(self.error(line, index, visible, "control_character", message))
        return shown

    def broken(self, line: int, cells: list[str], broken: Broken) -> InputRow:
        """A row of which only the line is known."""
        cells = [CONTROL.sub(_symbol, cell) for cell in cells]
        value = self._detected.delimiter.join(cells[broken.column :])
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


def _symbol(match: re.Match[str]) -> str:
    # Unicode has a visible symbol for each: a NUL becomes U+2400. Unseen characters could not be
    # found by the owner, and a NUL could not be stored as text in a database.
    code = ord(match.group())
    return chr(0x2421 if code == 0x7F else 0x2400 + code)
