"""Expected failures -> one sentence on stderr and an exit code; never a traceback."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.cli.console.terminal import UNREACHABLE, UNUSABLE_INPUT, err, fail, shown


class UnusableInput(Exception):
    """Something that the caller gave cannot be used; the message is one sentence for them."""


class Unreachable(Exception):
    """No service answers at this address, or it cannot work now."""


class Refused(Exception):
    """The service said no; `problem` is its RFC 9457 document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("title"))
        self.problem = problem

    @property
    def message(self) -> str:
        """The problem's own sentence, else its title."""
        return str(self.problem.get("detail") or self.problem.get("title") or "Refused.")


def explain(error: Exception) -> int | None:
    """Print an expected failure and return its exit code; None for one that nobody expected."""
    # Only here and now: `--help` must not wait for a database library.
    from sqlalchemy.exc import DBAPIError

    from app.config import STORE_ADVICE, SettingsError
    from app.domain.errors import (
        CsvInvalid,
        DatabaseOfAnotherVersion,
        DatabaseUnavailable,
        RequestError,
        ServiceUnavailable,
        StoreError,
    )

    if isinstance(error, CsvInvalid):
        cells = [
            {"row": cell.row, "column": cell.column, "value": cell.value, "message": cell.message}
            for cell in error.errors
        ]
        print_csv_errors(error.detail, cells, error.error_count)
        return UNUSABLE_INPUT
    if isinstance(error, Refused):
        problem = error.problem
        print_csv_errors(
            error.message, problem.get("errors") or [], problem.get("error_count") or 0
        )
        return UNUSABLE_INPUT
    if isinstance(error, ServiceUnavailable | Unreachable):
        fail(shown(error, limit=500))
        return UNREACHABLE
    if isinstance(error, UnusableInput | SettingsError | RequestError | DatabaseOfAnotherVersion):
        fail(shown(error, limit=500))
        return UNUSABLE_INPUT
    if isinstance(error, DatabaseUnavailable):
        fail(f"The database does not answer: {shown(error)}. See DATABASE_URL and DATA_DIR.")
        return UNREACHABLE
    if isinstance(error, DBAPIError):
        fail(f"The database cannot be used: {shown(error.orig)}. See DATABASE_URL and DATA_DIR.")
        return UNREACHABLE
    if isinstance(error, StoreError):
        fail(f"The store for images does not answer: {shown(error)}. See {STORE_ADVICE}.")
        return UNREACHABLE
    if isinstance(error, OSError) and error.strerror:
        where = f"{shown(error.filename)}: " if error.filename else ""
        fail(f"{where}{error.strerror}.")
        return UNREACHABLE
    return None


def print_csv_errors(detail: str, cells: Sequence[Mapping[str, Any]], total: int) -> None:
    """Print why a file was refused, and each bad cell on a line of its own."""
    fail(shown(detail, limit=500))
    for cell in cells:
        place = f"row {cell.get('row')}"
        if cell.get("column"):
            place += f", column {shown(cell['column'], limit=60)!r}"
        if cell.get("value"):
            place += f", value {shown(cell['value'], limit=100)!r}"
        err.print(f"  {place}: {shown(cell.get('message', ''), limit=300)}")
    if total > len(cells):
        err.print(f"  ... and {total - len(cells):,} more")
