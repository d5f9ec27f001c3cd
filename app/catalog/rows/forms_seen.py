"""Cells whose addresses are read out of something else: how many, and the first of each kind."""

from dataclasses import dataclass

from app.catalog.cells.reader import CellContent
from app.catalog.cells.wrapped.forms import FULL_CELL_CHARS, Form

_EXAMPLE_CHARS = 60


@dataclass(slots=True)
class SeenForm:
    """How many cells have a form, and where the first one is."""

    line: int
    column: int
    example: str
    cells: int = 0


class FormsSeen:
    """Notes the forms of the cells of one file; `seen` has them in their order in it."""

    def __init__(self) -> None:
        self.seen: dict[Form, SeenForm] = {}

    def note(self, line: int, column: int, cell: str, content: CellContent) -> None:
        """Note what was read of a cell."""
        if content.form is not None and content.urls:
            self._note(content.form, line, column, cell)
        if len(cell) == FULL_CELL_CHARS:
            self._note(Form.FULL, line, column, cell)

    def _note(self, form: Form, line: int, column: int, cell: str) -> None:
        seen = self.seen.get(form)
        if seen is None:
            example = " ".join(cell[: 2 * _EXAMPLE_CHARS].split())
            if len(example) > _EXAMPLE_CHARS:
                example = f"{example[: _EXAMPLE_CHARS - 3]}..."
            seen = self.seen[form] = SeenForm(line, column, example)
        seen.cells += 1
