"""Why a file's header cannot be used, and what to send instead."""

from collections.abc import Sequence
from typing import Any

from app.catalog.cells.urls import contains_url
from app.catalog.header.column import why_none_is_read
from app.catalog.header.lines import DELIMITERS, Candidate, Head, rows_below, widest
from app.catalog.header.one_column import in_one_column
from app.catalog.header.proposal import Proposal, propose
from app.catalog.layouts.columns import EXAMPLE_HEADER, IMAGES, SERIAL_NUMBER
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.layouts.platforms import Match
from app.domain.errors import CellError, CsvInvalid, NotACsv

_MAX_COLUMNS_NAMED = 30
_MAX_HEADERS_NAMED = 6
_LEAST_OF_SHOPS = 6


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
    one = in_one_column(head)
    if one is not None:
        return _one_column(head, *one)
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
    rows = rows_below(head, line)
    proposed = propose(line.cells, rows)
    if proposed is None:
        why = why_none_is_read(line.cells, rows)
        if best.found.first_choice or (not why and len(best.cells) < _LEAST_OF_SHOPS):
            return CsvInvalid(detail, errors, len(errors))
        # It has none of a plain list's own names, and is something else.
        return _unknown_layout(head, line, why=why)
    if SERIAL_NUMBER in best.found.missing and IMAGES not in best.found.first_choice:
        # An export of another shop needs no column of ours.
        return _unknown_layout(head, line, proposed)
    detail = f"{detail}. {_use(proposed)}"
    return CsvInvalid(detail, errors, len(errors), detected=_shown(head, line, proposed.mapping))


def _unknown_layout(
    head: Head, line: Candidate, proposed: Proposal | None = None, *, why: str = ""
) -> CsvInvalid:
    detail = f"The layout of this file is not known. The file has: {_named(line.cells)}. "
    if proposed is None:
        detail += why or (
            "None of its columns holds addresses of pictures in the first rows. Export the "
            'products with their images, or name the columns: columns={"images":["..."]}'
        )
    else:
        detail += _use(proposed)
    error = CellError(line.row, None, None, "missing_column", detail)
    shown = None if proposed is None else _shown(head, line, proposed.mapping)
    return CsvInvalid(detail, [error], 1, detected=shown)


def _use(proposed: Proposal) -> str:
    """Where the addresses are, and what to send for them to be read; JSON comes last."""
    found = ", ".join(f'"{name}"' for name in proposed.mapping.images)
    what = "Paths of pictures" if proposed.has_paths else "Web addresses"
    first = [f'correct cells such as "{proposed.bad}"'] if proposed.bad else []
    if proposed.has_wide:
        first.append("put quotes around cells with the delimiter in them")
    then = f"{' and '.join(first)}, then " if first else ""
    base = ""
    if proposed.has_paths:
        base = (
            "base_url, the address that comes before the paths, for example "
            "base_url=https://YOUR-SHOP/images, and "
        )
    return (
        f"{what} are in {found}: to use them, {then}send {base}columns={proposed.mapping.to_text()}"
    )


def ambiguous(head: Head, line: Candidate, likely: Sequence[Match]) -> CsvInvalid:
    """A refusal of a header that may be that of several platforms."""
    kinds = [
        f"{each.platform.name} ({', '.join(each.layout.because[:_MAX_HEADERS_NAMED])})"
        for each in likely
    ]
    proposed = propose(line.cells, rows_below(head, line))
    example = '{"product_name":"...","images":["..."]}'
    if proposed is not None:
        example = proposed.mapping.to_text()
    message = (
        f"The header may be that of {' and that of '.join(kinds)} alike. Remove the columns of "
        f"one of them, or say which ones are meant: columns={example}"
    )
    error = CellError(line.row, None, None, "ambiguous_platform", message)
    shown = _shown(head, line, None if proposed is None else proposed.mapping)
    shown["because"] = list(dict.fromkeys(name for each in likely for name in each.layout.because))
    shown["candidates"] = [each.platform.id for each in likely]
    return CsvInvalid(message, [error], 1, detected=shown)


def _one_column(head: Head, row: int, delimiter: str) -> CsvInvalid:
    shown = "TAB" if delimiter == "\t" else f'"{delimiter}"'
    line = head.lines[row - 1].strip()
    message = f"The whole file is one column: the names in line {row} are not separated, as "
    if delimiter in DELIMITERS:
        message += (
            f"each line is in quotes with its {shown}. Export the file again without quotes "
            "around whole lines, or remove the quote at the start and at the end of each line and "
            'write every doubled "" as ". In a spreadsheet, split the column first (Text to '
            "Columns)."
        )
    else:
        message += (
            f"{shown} is between them. Export the file with a comma, a semicolon, a TAB or a pipe "
            "between its columns."
        )
    return file_error(row, line[:200], "one_column", message)


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


def refuse_broken(head: Head, header: Candidate) -> None:
    """Raise CsvInvalid for a header below which nothing would be certain."""
    # Its quote may end in the middle of any row.
    line = header.dialect.delimiter.join(header.cells)
    one = in_one_column(head) if header.broken is not None else None
    if one is not None:
        raise _one_column(head, *one)
    if header.broken is not None:
        raise file_error(header.row, line[:200], "unclosed_quote", header.broken.message)
    if "\0" in line:
        message = "The header contains a control character (NUL) that no text has. Remove it."
        shown = line[:200].replace("\0", "\N{REPLACEMENT CHARACTER}")
        raise file_error(header.row, shown, "control_character", message)


def refuse_doubles(header: Candidate) -> None:
    """Raise CsvInvalid where the header has a needed column of a plain list more than once."""
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
