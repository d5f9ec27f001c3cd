"""The head of a file -> delimiter, header and columns, or a sentence about what is missing."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from app.catalog.columns import (
    EXAMPLE_HEADER,
    MAX_LINES_BEFORE_HEADER,
    Found,
    find_column,
    find_columns,
)
from app.catalog.detected import Detected
from app.catalog.encodings import CHUNK_BYTES, CONTROL, Encoding, decoded, find_encoding
from app.catalog.kinds import refuse_other_kinds
from app.catalog.records import Broken, RecordParser, split_lines
from app.catalog.sheet import Sheet
from app.catalog.urls import contains_url
from app.catalog.writer import OUTPUT_COLUMN
from app.domain.errors import CellError, CsvInvalid, NotACsv

DELIMITERS = (",", ";", "\t", "|")

_MAX_HEADER_LINES = 50
_MAX_COLUMNS_NAMED = 30
# So many control characters at the start and no header: that is no text with a mistake in it.
_NOISE_SAMPLE = 4096
_NOISE_CONTROLS = 8

_SEP_LINE = re.compile(r"\"?sep=(.*?)\"?\s*\Z", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class _Candidate:
    """One line read by one delimiter, as it would be a header."""

    row: int
    delimiter: str
    cells: list[str]
    found: Found
    broken: Broken | None
    blanks_before_quotes: bool


def detect(
    stream: BinaryIO, *, encoding: str | None = None, sheet: Sheet | None = None
) -> Detected:
    """Find out how a file is to be read.

    The whole file is read once to prove its encoding; the rest is decided by its first 256 KB.

    Args:
        stream: seekable; left at an unspecified position.
        encoding: the encoding that the caller has named; None to find it.
        sheet: the sheet that the file was made of by `workbook.write_first_sheet`; None: the file
            came as it is.
    Raises:
        NotACsv: the file is a workbook, an archive, a picture ...
        CsvInvalid: it is empty, has no header, or lacks a needed column.
        OptionInvalid: `encoding` is unknown.
    """
    stream.seek(0)
    head = stream.read(CHUNK_BYTES)
    if not head:
        raise _file_error(1, None, "empty_file", "The file is empty.")
    if sheet is None:
        refuse_other_kinds(head)
        text_encoding = _text_encoding(stream, head, encoding)
    else:
        text_encoding = Encoding("utf-8", guessed=False, bom=True)
    lines, text = _head_lines(stream, text_encoding)
    if not text.strip().strip("\ufeff"):
        raise _file_error(1, None, "empty_file", "The file is empty: it has only blank lines.")

    # What a sheet's first cell says, even "sep=;", says nothing about the file made of it.
    delimiters, lines_to_skip = _delimiters(lines) if sheet is None else (DELIMITERS[:1], 0)
    header = _find_header(lines, delimiters, lines_to_skip, text)
    _refuse_broken(header)
    _refuse_doubles(header)
    warnings = (
        *(sheet.warnings(encoding) if sheet else ()),
        *_encoding_warnings(text_encoding),
        *_header_warnings(header, lines, lines_to_skip),
    )
    return Detected(
        platform=None,
        encoding=text_encoding.name,
        encoding_guessed=text_encoding.guessed,
        bom=text_encoding.bom,
        delimiter=header.delimiter,
        header_row=header.row,
        header=tuple(header.cells),
        columns=header.found.columns(),
        blanks_before_quotes=header.blanks_before_quotes,
        workbook=sheet is not None,
        warnings=warnings,
    )


def _text_encoding(stream: BinaryIO, head: bytes, chosen: str | None) -> Encoding:
    try:
        return find_encoding(stream, chosen=chosen)
    except CsvInvalid:
        # Every second byte of UTF-16 may be a control character.
        is_marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        sample = head[:_NOISE_SAMPLE].decode("latin-1")
        if chosen is None and not is_marked and _is_noise(sample):
            raise _no_text() from None
        raise


def _is_noise(text: str) -> bool:
    return len(CONTROL.findall(text)) > _NOISE_CONTROLS


def _no_text() -> NotACsv:
    return NotACsv(
        "The file is not text, so it is no CSV: save or export the table as "
        '"CSV UTF-8 (comma delimited)".'
    )


def _head_lines(stream: BinaryIO, encoding: Encoding) -> tuple[list[str], str]:
    text, clean = next(decoded(stream, encoding), ("", True))
    return split_lines(text, clean=clean), text


def _delimiters(lines: Sequence[str]) -> tuple[Sequence[str], int]:
    """The delimiters to try, and how many lines (of Excel's `sep=`) stand above the table."""
    match = _SEP_LINE.match(lines[0]) if lines else None
    if match is None:
        return DELIMITERS, 0
    # The pattern drops white space at the end, and a TAB is white space.
    delimiter = match.group(1)[:1] or ("\t" if "\t" in lines[0] else "")
    if delimiter not in DELIMITERS:
        raise _file_error(
            1,
            lines[0].strip(),
            "unknown_delimiter",
            f'The first line sets "{delimiter}" as delimiter. Use a comma, a semicolon, a '
            "TAB or a pipe.",
        )
    return (delimiter,), 1


def _find_header(
    lines: list[str], delimiters: Sequence[str], lines_to_skip: int, text: str
) -> _Candidate:
    """The first line that has the needed columns by any of the delimiters."""
    parsers = [(each, _has_blanks_before_quotes(text, each)) for each in delimiters]
    best: _Candidate | None = None
    for index in range(lines_to_skip, min(len(lines), MAX_LINES_BEFORE_HEADER)):
        if not lines[index].strip():
            continue
        candidates = [_candidate(lines, index, *parser) for parser in parsers]
        candidate = max(candidates, key=lambda each: (len(each.found.places), len(each.cells)))
        if candidate.found.is_header and not candidate.found.missing:
            return candidate
        if best is None or len(candidate.found.places) > len(best.found.places):
            best = candidate
    if best is None:
        raise _file_error(1, None, "missing_header", _no_header_message())
    raise _why_no_header(best, text)


def _candidate(lines: list[str], index: int, delimiter: str, blanks: bool) -> _Candidate:
    parser = RecordParser(delimiter, blanks)
    block, _ = parser.parse(lines[index : index + _MAX_HEADER_LINES], index + 1, last=True)
    cells = [cell.strip("\ufeff") for cell in block.rows[0]]
    return _Candidate(index + 1, delimiter, cells, find_columns(cells), block.broken.get(0), blanks)


def _why_no_header(best: _Candidate, text: str) -> NotACsv | CsvInvalid:
    first = ", ".join(f'"{name.strip()[:60]}"' for name in best.cells[:_MAX_COLUMNS_NAMED] if name)
    if not best.found.places:
        if _is_noise(text[:_NOISE_SAMPLE]):
            return _no_text()
        if any(contains_url(cell) for cell in best.cells):
            return _file_error(best.row, first[:200], "missing_header", _no_header_message())
    missing = best.found.missing
    errors = [
        CellError(
            best.row,
            name,
            None,
            "missing_column",
            f'There is no column "{name}". The file has: {first}. Add the column; a header that '
            f"works is: {EXAMPLE_HEADER}",
        )
        for name in missing
    ]
    names = ", ".join(f'"{name}"' for name in missing)
    detail = (
        f"Missing column{'s' if len(missing) > 1 else ''}: {names}. The file has: {first}. "
        f"A header that works is: {EXAMPLE_HEADER}"
    )
    return CsvInvalid(detail, errors, len(errors))


def _no_header_message() -> str:
    return (
        "The file has no header: its first line holds data and no column names. Put this line "
        f"above it, with the names in the order of your columns: {EXAMPLE_HEADER}"
    )


def _refuse_broken(header: _Candidate) -> None:
    # Nothing below such a header is certain: its quote may end in the middle of any row.
    line = header.delimiter.join(header.cells)
    if header.broken is not None:
        raise _file_error(header.row, line[:200], "unclosed_quote", header.broken.message)
    if CONTROL.search(line):
        message = "The header contains a control character that no text has. Remove it."
        shown = CONTROL.sub("\N{REPLACEMENT CHARACTER}", line[:200])
        raise _file_error(header.row, shown, "control_character", message)


def _refuse_doubles(header: _Candidate) -> None:
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


def _encoding_warnings(encoding: Encoding) -> list[str]:
    if not encoding.guessed:
        return []
    warning = (
        "The file is not UTF-8 and was read as Windows-1252 (cp1252). If letters with accents look "
        'wrong, save it as "CSV UTF-8" or name its encoding in the field "encoding".'
    )
    return [warning]


def _header_warnings(header: _Candidate, lines: list[str], lines_to_skip: int) -> list[str]:
    warnings = []
    above = [line.strip() for line in lines[lines_to_skip : header.row - 1] if line.strip()]
    if above:
        warnings.append(
            f"The header was found in line {header.row}; {len(above)} "
            f"line{'s' if len(above) > 1 else ''} above it ({above[0][:80]!r}) "
            f"{'are' if len(above) > 1 else 'is'} not part of the output."
        )
    for name, indexes in header.found.ignored.items():
        used = header.cells[header.found.places[name]].strip()
        others = ", ".join(f'"{header.cells[index].strip()}"' for index in indexes)
        warnings.append(f'"{used}" is read as {name}; {others} is kept as it is and not read.')
    if find_column(header.cells, OUTPUT_COLUMN) is not None:
        warnings.append(
            f'The file has a column "{OUTPUT_COLUMN}" already: in the output, the new addresses '
            "stand in it and the old ones are gone."
        )
    return warnings


def _has_blanks_before_quotes(text: str, delimiter: str) -> bool:
    # Inside a well-quoted cell a quote is followed by another quote, a delimiter or the line's end,
    # so that this pattern can only be a cell that is written with a blank before its quote.
    sign = re.escape(delimiter)
    return re.search(rf'{sign} +"[^"\r\n{sign}]', text) is not None


def _file_error(row: int, value: str | None, code: str, message: str) -> CsvInvalid:
    return CsvInvalid(message, [CellError(row, None, value, code, message)], 1)
