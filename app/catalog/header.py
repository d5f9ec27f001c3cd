"""Which line is the header, by which delimiter, and what its columns mean."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.columns import (
    EXAMPLE_HEADER,
    MAX_LINES_BEFORE_HEADER,
    Columns,
    Found,
    find_columns,
)
from app.catalog.encodings import CONTROL
from app.catalog.exports import Export
from app.catalog.mapping import ColumnMapping
from app.catalog.platforms import Match, likeliest, matches
from app.catalog.proposal import propose
from app.catalog.records import Broken, RecordParser
from app.catalog.urls import contains_url
from app.domain.errors import CellError, CsvInvalid, NotACsv

MAX_HEADER_LINES = 50
_MAX_COLUMNS_NAMED = 30
_MAX_HEADERS_NAMED = 6
# Rows below a header that are looked at for what columns hold.
_ROWS_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, and how it may be read.

    Attributes:
        lines: its lines with their ends.
        text: the same as one text.
        delimiters: those that are possible.
        skip: lines at its start that belong to no table.
        encoding: for answers about it.
        is_noise: it has so many control characters that it is no text with a mistake in it.
    """

    lines: list[str]
    text: str
    delimiters: Sequence[str]
    skip: int
    encoding: str
    is_noise: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line read by one delimiter, as it would be a header."""

    row: int
    delimiter: str
    cells: list[str]
    found: Found
    broken: Broken | None
    blanks_before_quotes: bool


@dataclass(frozen=True, slots=True)
class Header:
    """The header: its line, and what its columns mean; `platform` None: no platform's export."""

    line: Candidate
    columns: Columns | Export
    platform: str | None = None


def find_header(head: Head, mapping: ColumnMapping | None) -> Header:
    """Find the header of a file.

    Args:
        mapping: the columns that the caller has named; they are looked for and nothing else.
    Raises:
        CsvInvalid: there is none, a column is missing or stands twice, or it may be a header of two
            kinds of files.
        NotACsv: there is none, because the file is no text.
    """
    header = _find_known(head) if mapping is None else _find_mapped(head, mapping)
    _refuse_broken(header.line)
    if isinstance(header.columns, Columns):
        _refuse_doubles(header.line)
    return header


def is_header(cells: Sequence[str]) -> bool:
    """Whether a line is the header of a known kind of file."""
    return not find_columns(cells).missing or bool(matches(cells))


def _find_known(head: Head) -> Header:
    """The first line that is a plain list's or a platform's header by any of the delimiters."""
    best: Candidate | None = None
    for candidates in _candidates(head):
        listed = max(candidates, key=lambda each: (len(each.found.places), len(each.cells)))
        is_list = not listed.found.missing
        if is_list and listed.found.is_clear:
            return Header(listed, listed.found.columns())
        export = _find_export(head, candidates)
        if export is not None:
            return export
        if is_list:
            return Header(listed, listed.found.columns())
        if best is None or len(listed.found.places) > len(best.found.places):
            best = listed
    if best is None:
        raise file_error(1, None, "missing_header", _no_header_message())
    raise _why_no_header(head, best)


def _find_export(head: Head, candidates: Sequence[Candidate]) -> Header | None:
    found = [(line, each) for line in candidates if (each := matches(line.cells))]
    if not found:
        return None
    line, fitting = max(found, key=lambda each: (each[1][0].score, len(each[0].cells)))
    likely = likeliest(fitting)
    if len({each.platform.id for each in likely}) > 1:
        raise _ambiguous(head, line, likely)
    return Header(line, likely[0].export, likely[0].platform.id)


def _find_mapped(head: Head, mapping: ColumnMapping) -> Header:
    best: Candidate | None = None
    for candidates in _candidates(head):
        line = min(
            candidates, key=lambda each: (len(mapping.missing(each.cells)), -len(each.cells))
        )
        if not mapping.missing(line.cells):
            return Header(line, mapping.export(line.cells))
        if best is None or len(mapping.missing(line.cells)) < len(mapping.missing(best.cells)):
            best = line
    if best is None:
        raise file_error(1, None, "missing_header", _no_header_message())
    if head.is_noise:
        raise no_text()
    best = _widest(head, best)
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
    raise CsvInvalid(detail, errors, len(errors), detected=_shown(head, best))


def _candidates(head: Head) -> Iterator[list[Candidate]]:
    """Each line that may be the header, read by each delimiter."""
    parsers = [(each, _has_blanks_before_quotes(head.text, each)) for each in head.delimiters]
    for index in range(head.skip, min(len(head.lines), MAX_LINES_BEFORE_HEADER)):
        if head.lines[index].strip():
            yield [_candidate(head.lines, index, *parser) for parser in parsers]


def _candidate(lines: list[str], index: int, delimiter: str, blanks: bool) -> Candidate:
    parser = RecordParser(delimiter, blanks)
    block, _ = parser.parse(lines[index : index + MAX_HEADER_LINES], index + 1, last=True)
    cells = [cell.strip("\ufeff") for cell in block.rows[0]]
    return Candidate(index + 1, delimiter, cells, find_columns(cells), block.broken.get(0), blanks)


def _why_no_header(head: Head, best: Candidate) -> CsvInvalid | NotACsv:
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
    line = _widest(head, best)
    proposed = propose(line.cells, _rows_below(head, line))
    if proposed is None:
        return CsvInvalid(detail, errors, len(errors))
    addresses = ", ".join(f'"{name}"' for name in proposed.images)
    detail = (
        f"{detail}. Web addresses stand in {addresses}: to use them, send "
        f"columns={proposed.to_text()}"
    )
    return CsvInvalid(detail, errors, len(errors), detected=_shown(head, line, proposed))


def _ambiguous(head: Head, line: Candidate, likely: Sequence[Match]) -> CsvInvalid:
    kinds = [
        f"{each.platform.name} ({', '.join(each.export.because[:_MAX_HEADERS_NAMED])})"
        for each in likely
    ]
    proposed = propose(line.cells, _rows_below(head, line))
    example = proposed.to_text() if proposed else '{"product_name":"...","images":["..."]}'
    message = (
        f"The header may be that of {' and that of '.join(kinds)} alike. Remove the columns of "
        f"one of them, or say which ones are meant: columns={example}"
    )
    error = CellError(line.row, None, None, "ambiguous_platform", message)
    shown = _shown(head, line, proposed)
    shown["because"] = list(dict.fromkeys(name for each in likely for name in each.export.because))
    shown["candidates"] = [each.platform.id for each in likely]
    return CsvInvalid(message, [error], 1, detected=shown)


def _widest(head: Head, best: Candidate) -> Candidate:
    """The line to propose columns for: a half-known header, else the first that may be one."""
    if best.found.places:
        return best
    for candidates in _candidates(head):
        line = max(candidates, key=lambda each: len(each.cells))
        if sum(bool(cell.strip()) for cell in line.cells) > 1:
            return line
    return best


def _rows_below(head: Head, line: Candidate) -> list[list[str]]:
    parser = RecordParser(line.delimiter, line.blanks_before_quotes)
    start = line.row - 1
    block, _ = parser.parse(head.lines[start : start + _ROWS_LOOKED_AT], line.row, last=True)
    return block.rows[1:]


def _shown(head: Head, line: Candidate, proposed: ColumnMapping | None = None) -> dict[str, Any]:
    """What a refusal tells about the file, in the form of `Detected.public`."""
    return {
        "platform": None,
        "delimiter": line.delimiter,
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


def _no_header_message() -> str:
    return (
        "The file has no header: its first line holds data and no column names. Put this line "
        f"above it, with the names in the order of your columns: {EXAMPLE_HEADER}"
    )


def _refuse_broken(header: Candidate) -> None:
    # Nothing below such a header is certain: its quote may end in the middle of any row.
    line = header.delimiter.join(header.cells)
    if header.broken is not None:
        raise file_error(header.row, line[:200], "unclosed_quote", header.broken.message)
    if CONTROL.search(line):
        message = "The header contains a control character that no text has. Remove it."
        shown = CONTROL.sub("\N{REPLACEMENT CHARACTER}", line[:200])
        raise file_error(header.row, shown, "control_character", message)


def _refuse_doubles(header: Candidate) -> None:
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


def _has_blanks_before_quotes(text: str, delimiter: str) -> bool:
    # Inside a well-quoted cell a quote is followed by another quote, a delimiter or the line's end,
    # so that this pattern can only be a cell that is written with a blank before its quote.
    sign = re.escape(delimiter)
    return re.search(rf'{sign} +"[^"\r\n{sign}]', text) is not None


def no_text() -> NotACsv:
    """A refusal of bytes that are no text."""
    return NotACsv(
        "The file is not text, so it is no CSV: save or export the table as "
        '"CSV UTF-8 (comma delimited)".'
    )


def file_error(row: int, value: str | None, code: str, message: str) -> CsvInvalid:
    """A refusal of the whole file for one reason."""
    return CsvInvalid(message, [CellError(row, None, value, code, message)], 1)
