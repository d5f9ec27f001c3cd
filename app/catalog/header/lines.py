"""The lines of a file's beginning that may be its header, read by each delimiter."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.catalog.layouts.columns import MAX_LINES_BEFORE_HEADER, Found, find_columns
from app.catalog.text.dialect import Dialect
from app.catalog.text.records import Broken, RecordParser

DELIMITERS = (",", ";", "\t", "|")
_MAX_HEADER_LINES = 50
# Lines below a header that are looked at for what columns hold.
_LINES_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, and how it may be read.

    Attributes:
        lines: its lines with their ends.
        text: the same as one text.
        delimiters: those that are possible.
        skip: lines at its start that belong to no table.
        encoding: for answers about it.
        is_noise: it has too many control characters for a text with a mistake in it.
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
    dialect: Dialect
    cells: list[str]
    found: Found
    broken: Broken | None


def candidates_of(head: Head) -> Iterator[list[Candidate]]:
    """Each line that may be the header, read by each delimiter."""
    dialects = [
        Dialect(each, _has_blanks_before_quotes(head.text, each)) for each in head.delimiters
    ]
    for index in range(head.skip, min(len(head.lines), MAX_LINES_BEFORE_HEADER)):
        if head.lines[index].strip():
            yield [_candidate(head.lines, index, each) for each in dialects]


def rows_below(head: Head, line: Candidate) -> list[list[str]]:
    """The cells of the first rows below a header."""
    parser = RecordParser(line.dialect)
    start = line.row - 1
    block, _ = parser.parse(head.lines[start : start + _LINES_LOOKED_AT], line.row, last=True)
    return block.rows[1:]


def widest(head: Head, best: Candidate) -> Candidate:
    """The likely header: a half-known line, else the first that may be one."""
    if best.found.places:
        return best
    for candidates in candidates_of(head):
        line = max(candidates, key=lambda each: len(each.cells))
        if sum(bool(cell.strip()) for cell in line.cells) > 1:
            return line
    return best


def single_column(head: Head) -> tuple[Dialect, int, list[str]] | None:
    """The first cells of a file of one column, as a delimiter has them that is in none of them.

    None where every delimiter makes several columns. With them comes the line of the first one.
    """
    lines = head.lines[head.skip :]
    for delimiter in head.delimiters:
        if len(head.delimiters) > 1 and delimiter in head.text:
            continue
        dialect = Dialect(delimiter)
        block, _ = RecordParser(dialect).parse(lines[:_LINES_LOOKED_AT], head.skip + 1, last=True)
        filled = [index for index, row in enumerate(block.rows) if any(map(str.strip, row))]
        if not filled or block.broken or any(len(block.rows[index]) > 1 for index in filled):
            continue
        cells = [block.rows[index][0].strip("\ufeff") for index in filled]
        return dialect, block.lines[filled[0]], cells
    return None


def _candidate(lines: list[str], index: int, dialect: Dialect) -> Candidate:
    parser = RecordParser(dialect)
    block, _ = parser.parse(lines[index : index + _MAX_HEADER_LINES], index + 1, last=True)
    cells = [cell.strip("\ufeff") for cell in block.rows[0]]
    return Candidate(index + 1, dialect, cells, find_columns(cells), block.broken.get(0))


def _has_blanks_before_quotes(text: str, delimiter: str) -> bool:
    # Inside a well-quoted cell a quote is followed by another quote, a delimiter or the line's end,
    # so that this pattern can only be a cell that is written with a blank before its quote.
    sign = re.escape(delimiter)
    return re.search(rf'{sign} +"[^"\r\n{sign}]', text) is not None
