"""The head of a file -> delimiter, header and columns, or a sentence about what is missing."""

import codecs
import re
from collections.abc import Sequence
from typing import BinaryIO

from app.catalog.header.detected import Detected
from app.catalog.header.find import Header, find_header
from app.catalog.header.lines import DELIMITERS, Head
from app.catalog.header.readings import (
    NameColumn,
    guess_advice,
    guess_warning,
    stray_warning,
)
from app.catalog.header.refusals import file_error, no_text
from app.catalog.header.sheet import Sheet
from app.catalog.layouts.columns import OUTPUT_COLUMN, find_column
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.text.encodings import CHUNK_BYTES, CONTROL, Encoding, decoded, find_encoding
from app.catalog.text.kinds import refuse_other_kinds
from app.catalog.text.lines import split_lines
from app.domain.errors import CsvInvalid

# More control characters at the start, and no header: that is no text with a mistake in it.
_NOISE_SAMPLE = 4096
_NOISE_CONTROLS = 8

_SEP_LINE = re.compile(r"\"?sep=(.*?)\"?\s*\Z", re.IGNORECASE | re.DOTALL)


def detect(
    stream: BinaryIO,
    *,
    encoding: str | None = None,
    columns: ColumnMapping | None = None,
    base_url: str | None = None,
    sheet: Sheet | None = None,
) -> Detected:
    """Find out how a file is to be read.

    The whole file is read once to prove its encoding; the rest is decided by its first 256 KB.

    Args:
        stream: seekable; left at an unspecified position.
        encoding: the encoding that the caller has named; None to find it.
        columns: the columns that the caller has named; None to find them.
        base_url: the beginning of relative paths; None: there are none.
        sheet: the sheet that the file was made of by `workbook.write_sheet`; None: the file
            came as it is.
    Raises:
        NotACsv: the file is a workbook, an archive, a picture ...
        CsvInvalid: it is empty, has no header, or lacks a needed column.
        OptionInvalid: `encoding` is unknown.
    """
    stream.seek(0)
    start = stream.read(CHUNK_BYTES)
    if not start:
        raise file_error(1, None, "empty_file", "The file is empty.")
    if sheet is None:
        refuse_other_kinds(start)
        text_encoding = _text_encoding(stream, start, encoding)
    else:
        text_encoding = Encoding("utf-8", guessed=False, bom=True)
    lines, text = _head_lines(stream, text_encoding)
    if not text.strip().strip("\ufeff"):
        raise file_error(1, None, "empty_file", "The file is empty: it has only blank lines.")

    # What a sheet's first cell says, even "sep=;", says nothing about the file made of it.
    delimiters, lines_to_skip = _delimiters(lines) if sheet is None else (DELIMITERS[:1], 0)
    head = Head(
        lines,
        text,
        delimiters,
        lines_to_skip,
        text_encoding.name,
        is_noise=_is_noise(text[:_NOISE_SAMPLE]),
    )
    try:
        header = find_header(head, columns, has_base_url=base_url is not None)
    except CsvInvalid as error:
        if text_encoding.guessed:
            # Names in letters that nobody can read are no names that anything could be known by.
            advice = guess_advice(stream, is_refuted=False)
            raise _with_detail(error, f"{advice} {error.detail}".lstrip()) from None
        if sheet is not None:
            raise _with_detail(error, f"{sheet.advice()} {error.detail}".lstrip()) from None
        raise
    line = header.line
    names = NameColumn(line.dialect, header.layout.product_name)
    warnings = (
        *(sheet.warnings(encoding) if sheet else ()),
        *_encoding_warnings(stream, text_encoding, names),
        *_header_warnings(header, lines, lines_to_skip),
    )
    return Detected(
        platform=header.platform,
        encoding=text_encoding.name,
        encoding_guessed=text_encoding.guessed,
        bom=text_encoding.bom,
        delimiter=line.dialect.delimiter,
        header_row=line.row,
        header=tuple(line.cells),
        layout=header.layout,
        blanks_before_quotes=line.dialect.blanks_before_quotes,
        workbook=sheet is not None,
        base_url=base_url,
        has_strays=text_encoding.has_strays,
        sheet=sheet.name if sheet is not None else None,
        warnings=warnings,
    )


def _text_encoding(stream: BinaryIO, head: bytes, chosen: str | None) -> Encoding:
    try:
        return find_encoding(stream, chosen=chosen)
    except CsvInvalid as error:
        # Every second byte of UTF-16 may be a control character.
        is_marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        sample = head[:_NOISE_SAMPLE].decode("latin-1")
        if chosen is None and not is_marked and _is_noise(sample):
            raise no_text() from None
        if chosen is None and not is_marked:
            advice = guess_advice(stream, is_refuted=True)
            raise _with_detail(error, f"{error.detail} {advice}".rstrip()) from None
        raise


def _with_detail(error: CsvInvalid, detail: str) -> CsvInvalid:
    return CsvInvalid(detail, error.errors, error.error_count, detected=error.detected)


def _is_noise(text: str) -> bool:
    return len(CONTROL.findall(text)) > _NOISE_CONTROLS


def _head_lines(stream: BinaryIO, encoding: Encoding) -> tuple[list[str], str]:
    text, clean = next(decoded(stream, encoding), ("", True))
    return split_lines(text, clean=clean), text


def _delimiters(lines: Sequence[str]) -> tuple[Sequence[str], int]:
    """The delimiters to try, and the number of lines (of Excel's `sep=`) above the table."""
    match = _SEP_LINE.match(lines[0]) if lines else None
    if match is None:
        return DELIMITERS, 0
    # The pattern drops white space at the end, and a TAB is white space.
    delimiter = match.group(1)[:1] or ("\t" if "\t" in lines[0] else "")
    if delimiter not in DELIMITERS:
        raise file_error(
            1,
            lines[0].strip(),
            "unknown_delimiter",
            f'The first line sets "{delimiter}" as delimiter. Use a comma, a semicolon, a '
            "TAB or a pipe.",
        )
    return (delimiter,), 1


def _encoding_warnings(stream: BinaryIO, encoding: Encoding, names: NameColumn) -> list[str]:
    if encoding.has_strays:
        return [stray_warning(stream, encoding)]
    return [guess_warning(stream, names)] if encoding.guessed else []


def _header_warnings(header: Header, lines: list[str], lines_to_skip: int) -> list[str]:
    line = header.line
    warnings = list(header.warnings)
    before_header = lines[lines_to_skip : max(line.row - 1, lines_to_skip)]
    above = [each.strip() for each in before_header if each.strip('\r\n\t ",;|')]
    if above:
        warnings.append(
            f"The header was found in line {line.row}; {len(above)} "
            f"line{'s' if len(above) > 1 else ''} above it ({above[0][:80]!r}) "
            f"{'are' if len(above) > 1 else 'is'} not part of the output, unless it is asked for "
            "with output=replace."
        )
    if header.layout.is_list:
        for name, indexes in line.found.ignored.items():
            used = line.cells[line.found.places[name]].strip()
            others = ", ".join(f'"{line.cells[index].strip()}"' for index in indexes)
            warnings.append(f'"{used}" is read as {name}; {others} is kept as it is and not read.')
    if find_column(line.cells, OUTPUT_COLUMN) is not None:
        warnings.append(
            f'The file has a column "{OUTPUT_COLUMN}" already: in the output, the new addresses '
            "are in it and the old ones are gone."
        )
    return warnings
