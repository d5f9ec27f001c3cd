"""The one tokenizer of quoted cells: where the cells of a record are, with odd quotes or without.

`csv.reader` reads most records, as it is faster; it gives no places, and refuses odd quotes.
"""

from typing import NamedTuple

from app.catalog.text.dialect import Dialect


class CellSpan(NamedTuple):
    """Where a cell's content is in its record, without the quotes around it."""

    start: int
    end: int
    is_quoted: bool

    def text(self, record: str) -> str:
        """What the cell says."""
        text = record[self.start : self.end]
        return text.replace('""', '"') if self.is_quoted else text


def cell_spans(record: str, dialect: Dialect, *, is_strict: bool) -> tuple[list[CellSpan], bool]:
    """Where the cells of a record are.

    Args:
        record: its line or lines; line ends behind it belong to no cell.
        is_strict: it follows the rules of CSV. In others (`"5" pipe",` or `"a" ,`), a quote may
            have blanks before it, and closes its cell only before a delimiter or the record's end.
    Returns:
        The cells and True, or those before one whose quote is not closed and False.
    """
    end = len(record.rstrip("\r\n"))
    delimiter = dialect.delimiter
    may_have_blanks = dialect.blanks_before_quotes or not is_strict
    spans: list[CellSpan] = []
    position = 0
    while True:
        content = position
        if may_have_blanks and record.startswith(" ", position, end):
            content = _after_blanks(record, position, end)
        if record.startswith('"', content, end):
            close = _closing_quote(record, content + 1, end, delimiter)
            if close is None:
                return spans, False
            spans.append(CellSpan(content + 1, close[0], True))
            position = close[1]
        else:
            start = content if is_strict else position
            position = record.find(delimiter, start, end)
            position = end if position < 0 else position
            spans.append(CellSpan(start, position, False))
        if position >= end:
            return spans, True
        position += 1


def _closing_quote(record: str, position: int, end: int, delimiter: str) -> tuple[int, int] | None:
    """Where a quoted cell's closing quote is, and where the cell ends; None: it is not closed."""
    while (quote := record.find('"', position, end)) >= 0:
        if record.startswith('""', quote, end):
            position = quote + 2
            continue
        behind = _after_blanks(record, quote + 1, end)
        if behind == end or record[behind] == delimiter:
            return quote, behind
        position = quote + 1
    return None


def _after_blanks(record: str, position: int, end: int) -> int:
    while record.startswith(" ", position, end):
        position += 1
    return position
