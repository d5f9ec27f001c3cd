"""Files in which each line is one cell, as its delimiters are inside of quotes or are others."""

from app.catalog.header.lines import DELIMITERS, Candidate, Head, candidates_of, rows_below
from app.catalog.layouts.columns import find_columns
from app.catalog.layouts.platforms import matches

_OTHERS = "^~\u00a6\u00a7:#"
_LEAST_PIECES = 3


def in_one_column(head: Head) -> tuple[int, str] | None:
    """The line of a header that is one cell with all its names in it, and what separates them.

    None where no line is such a header.
    """
    for candidates in candidates_of(head):
        single = [each for each in candidates if _is_single(each)]
        is_quoted = head.lines[candidates[0].row - 1].lstrip("\ufeff ").startswith('"')
        if not single or (len(single) < len(candidates) and not is_quoted):
            continue
        line = single[0]
        text = "".join(line.cells).strip()
        for delimiter in (*DELIMITERS, *_OTHERS):
            names = text.split(delimiter)
            if len(find_columns(names).places) > 1 or matches(names):
                return line.row, delimiter
        for delimiter in DELIMITERS:
            enough = text.count(delimiter) + 1 >= _LEAST_PIECES
            if enough and _goes_on(rows_below(head, line), delimiter):
                return line.row, delimiter
    return None


def _is_single(line: Candidate) -> bool:
    """Whether all of a line is in one cell, in quotes or without any."""
    filled = [cell for cell in line.cells if cell.strip()]
    return line.broken is None and len(filled) == 1 and '"' not in filled[0]


def _goes_on(rows: list[list[str]], delimiter: str) -> bool:
    """Whether there are rows, each one cell with this delimiter in it."""
    return bool(rows) and all(
        sum(map(bool, map(str.strip, cells))) == 1 and delimiter in "".join(cells)
        for cells in rows
        if any(map(str.strip, cells))
    )
