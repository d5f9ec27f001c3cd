"""Why a file's header cannot be used, and what to send instead."""

from collections.abc import Sequence
from typing import Any

from app.catalog.cells.urls import contains_url
from app.catalog.header.lines import Candidate, Head, rows_below, widest
from app.catalog.header.proposal import propose
from app.catalog.layouts.columns import EXAMPLE_HEADER, SERIAL_NUMBER
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.layouts.platforms import Match
from app.catalog.text.encodings import CONTROL
from app.domain.errors import CellError, CsvInvalid, NotACsv

_MAX_COLUMNS_NAMED = 30
_MAX_HEADERS_NAMED = 6


def absent_columns(head: Head, best: Candidate, mapping: ColumnMapping) -> CsvInvalid | NotACsv:
    """A refusal of columns that the caller has named and that the file does not have."""
    if head.is_noise:
        return no_text()
    best = widest(head, best)
    has = _named(best.cells)
    errors = [
        CellError(
            best.row,
            name,
            None,
            "missing_column",
            f'columns names "{name}", but there is no such column. The file has: {has}.',
        )
        for name in mapping.missing(best.cells)
    ]
    names = ", ".join(f'"{error.column}"' for error in errors)
    detail = f"columns names {names}, but the file does not have it. The file has: {has}."
    return CsvInvalid(detail, errors, len(errors), detected=_shown(head, best))


def why_no_header(head: Head, best: Candidate) -> CsvInvalid | NotACsv:
    """A refusal of a file whose best line lacks columns, with a proposal where there is one."""
    first = _named(best.cells)
    if not best.found.places and head.is_noise:
        return no_text()
    if not best.found.places and any(contains_url(cell) for cell in best.cells):
        return file_error(best.row, first[:200], "missing_header", _no_header_message())
    errors = [
        CellError(
            best.row,
            name,
            None,
            "missing_column",
            f'There is no column "{name}". The file has: {first}. Add the column; a header that '
            f"works is: {EXAMPLE_HEADER}",
        )
        for name in best.found.missing
    ]
    names = ", ".join(f'"{name}"' for name in best.found.missing)
    detail = (
        f"Missing column{'s' if len(errors) > 1 else ''}: {names}. The file has: {first}. "
        f"A header that works is: {EXAMPLE_HEADER}"
    )
    line = widest(head, best)
    proposed = propose(line.cells, rows_below(head, line))
    if proposed is None:
        return CsvInvalid(detail, errors, len(errors))
    addresses = ", ".join(f'"{name}"' for name in proposed.images)
    to_use = f"Web addresses stand in {addresses}: to use them, send columns={proposed.to_text()}"
    if best.found.is_clear:
        detail = f"{detail}. {to_use}"
    else:
        # Whoever has a shop's file was never asked for the columns of our own list.
        errors = [each for each in errors if each.column != SERIAL_NUMBER] or errors
        detail = f"The file is no export of a shop that is known here, and has: {first}. {to_use}"
    return CsvInvalid(detail, errors, len(errors), detected=_shown(head, line, proposed))


def ambiguous(head: Head, line: Candidate, likely: Sequence[Match]) -> CsvInvalid:
    """A refusal of a header that may be that of several platforms."""
    kinds = [
        f"{each.platform.name} ({', '.join(each.layout.because[:_MAX_HEADERS_NAMED])})"
        for each in likely
    ]
    proposed = propose(line.cells, rows_below(head, line))
    example = proposed.to_text() if proposed else '{"product_name":"...","images":["..."]}'
    message = (
        f"The header may be that of {' and that of '.join(kinds)} alike. Remove the columns of "
        f"one of them, or say which ones are meant: columns={example}"
    )
    error = CellError(line.row, None, None, "ambiguous_platform", message)
    shown = _shown(head, line, proposed)
    shown["because"] = list(dict.fromkeys(name for each in likely for name in each.layout.because))
    shown["candidates"] = [each.platform.id for each in likely]
    return CsvInvalid(message, [error], 1, detected=shown)


def _shown(head: Head, line: Candidate, proposed: ColumnMapping | None = None) -> dict[str, Any]:
    """What a refusal tells about the file, in the form of `Detected.public`."""
    return {
        "platform": None,
        "delimiter": line.dialect.delimiter,
        "encoding": head.encoding,
        "header_row": line.row,
        "columns": {
            "serial_number": proposed.serial_number if proposed else None,
            "product_name": proposed.product_name if proposed else None,
            "images": list(proposed.images) if proposed else [],
        },
        "because": [],
    }


def _named(cells: Sequence[str]) -> str:
    return ", ".join(f'"{name.strip()[:60]}"' for name in cells[:_MAX_COLUMNS_NAMED] if name)


def no_header() -> CsvInvalid:
    """A refusal of a file without a header."""
    return file_error(1, None, "missing_header", _no_header_message())


def _no_header_message() -> str:
    return (
        "The file has no header: its first line holds data and no column names. Put this line "
        f"above it, with the names in the order of your columns: {EXAMPLE_HEADER}"
    )


def refuse_broken(header: Candidate) -> None:
    """Raise CsvInvalid for a header below which nothing would be certain."""
    # Its quote may end in the middle of any row.
    line = header.dialect.delimiter.join(header.cells)
    if header.broken is not None:
        raise file_error(header.row, line[:200], "unclosed_quote", header.broken.message)
    if CONTROL.search(line):
        message = "The header contains a control character that no text has. Remove it."
        shown = CONTROL.sub("\N{REPLACEMENT CHARACTER}", line[:200])
        raise file_error(header.row, shown, "control_character", message)


def refuse_doubles(header: Candidate) -> None:
    """Raise CsvInvalid where a needed column of a plain list stands more than once."""
    errors = [
        CellError(
            header.row,
            header.cells[index],
            header.cells[index],
            "duplicate_header",
            f'"{header.cells[index].strip()}" stands more than once for "{name}" in the header '
            f"(columns {', '.join(str(each + 1) for each in indexes)}). Keep one of them under "
            "this name and rename the others.",
        )
        for name, indexes in header.found.twice.items()
        for index in indexes[1:]
    ]
    if errors:
        raise CsvInvalid(errors[0].message, errors, len(errors))


def no_text() -> NotACsv:
    """A refusal of bytes that are no text."""
    return NotACsv(
        "The file is not text, so it is no CSV: save or export the table as "
        '"CSV UTF-8 (comma delimited)".'
    )


def file_error(row: int, value: str | None, code: str, message: str) -> CsvInvalid:
    """A refusal of the whole file for one reason."""
    return CsvInvalid(message, [CellError(row, None, value, code, message)], 1)
