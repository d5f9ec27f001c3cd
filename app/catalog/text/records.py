"""Text -> records: lines, quotes and delimiters, with the line where each record starts.

Python's csv module does the parsing, in strict mode. The tokenizer of `spans` reads what that
refuses.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, compress

from app.catalog.text.dialect import MAX_CELL_CHARS, Dialect
from app.catalog.text.grid import Grid
from app.catalog.text.lines import count_lines, end_of_first_line
from app.catalog.text.spans import cell_spans


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a record could not be parsed, and in which column (an index)."""

    column: int
    code: str
    message: str


class Block:
    """Some hundred records as they stand in the file, without blank lines.

    `clean`: no control character is in the block. `multiline`: a record may span several lines.
    `broken` tells by the index in `rows` which records are only a line split at its delimiters,
    because its quotes make no sense. `grid` has the same records in columns, where they could be
    read so.

    Args:
        grid: None for records that are added one by one.
        first_line: the line in the file where the grid starts.
    """

    def __init__(self, grid: Grid | None = None, first_line: int = 1) -> None:
        self.grid = grid
        self.clean = True
        self.multiline = grid is not None and grid.is_multiline
        self.broken: dict[int, Broken] = {}
        self._first_line = first_line

    @cached_property
    def rows(self) -> list[list[str]]:
        """The cells of each record."""
        return [] if self.grid is None else self.grid.rows()

    @cached_property
    def lines(self) -> Sequence[int]:
        """The line in the file where each record starts."""
        return () if self.grid is None else self.grid.starts(self._first_line)

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.rows) if self.grid is None else self.grid.count

    def drop_first(self) -> None:
        """Take the first record away."""
        del self.rows[0]
        self.lines = self.lines[1:]
        self.broken = {index - 1: reason for index, reason in self.broken.items() if index}

    def parts(self, most: int) -> Iterator["Block"]:
        """The same records in blocks of at most `most`."""
        if self.count <= most:
            yield self
            return
        for start in range(0, self.count, most):
            yield self.only(range(start, min(start + most, self.count)))

    def only(self, indexes: Sequence[int]) -> "Block":
        """The records with these indexes, in a block without a grid."""
        block = Block()
        block.clean, block.multiline = self.clean, self.multiline
        block.rows = [self.rows[index] for index in indexes]
        block.lines = [self.lines[index] for index in indexes]
        block.broken = {
            new: self.broken[old] for new, old in enumerate(indexes) if old in self.broken
        }
        return block


class RecordParser:
    """Parses lines into records of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def parse(self, lines: list[str], first_line: int, *, last: bool) -> tuple[Block, int]:
        """Parse the records in `lines`; returns them and how many of the lines they used.

        Lines are left over only when a record goes on behind them and `last` is false.
        """
        block = Block()
        try:
            # extend keeps what came before an error.
            block.rows.extend(self._dialect.strict_rows(lines))
        except csv.Error:
            block.multiline = True
            block.lines = starts = _starts(block.rows, first_line)
            resume = starts.pop() - first_line
            starts[:] = compress(starts, block.rows)
            block.rows[:] = filter(None, block.rows)
            return block, self._parse_with_care(block, starts, lines, resume, first_line, last)
        if len(block.rows) == len(lines):
            block.lines = range(first_line, first_line + len(lines))
        else:
            block.lines = _starts(block.rows, first_line)[:-1]
            block.multiline = True
        if not all(block.rows):
            block.lines = list(compress(block.lines, block.rows))
            block.rows = list(filter(None, block.rows))
        return block, len(lines)

    def parse_first(
        self, text: str, first_line: int, *, last: bool
    ) -> tuple[Block, int, int] | None:
        """Parse the first record of whole lines, without a list of them: it may have millions.

        Returns:
            The record, and how many characters and lines it took; None: it goes on behind the text.
        """
        source = io.StringIO(text, newline="")
        block = Block()
        block.multiline = True
        block.lines = [first_line]
        try:
            cells = next(self._dialect.strict_rows(source), None)
        except csv.Error as error:
            if str(error).startswith("unexpected end") and not last:
                return None
            lines = count_lines(text, source.tell())
            end = end_of_first_line(text)
            self._add_broken(block, text[:end], lines)
            return block, end, 1
        if not cells:
            # There is no text, or it begins with a blank line, which is not long.
            return None
        block.rows.append(cells)
        return block, source.tell(), count_lines(text, source.tell())

    def _parse_with_care(
        self,
        block: Block,
        starts: list[int],
        lines: list[str],
        position: int,
        first_line: int,
        last: bool,
    ) -> int:
        def feed() -> Iterator[str]:
            nonlocal position
            while position < len(lines):
                position += 1
                yield lines[position - 1]

        while position < len(lines):
            start = position
            try:
                for cells in self._dialect.strict_rows(feed()):
                    if cells:
                        block.rows.append(cells)
                        starts.append(first_line + start)
                    start = position
            except csv.Error as error:
                if str(error).startswith("unexpected end") and not last:
                    return start
                self._add_broken(block, lines[start], position - start)
                starts.append(first_line + start)
                # Reading goes on at the line after the broken record's first one, whatever its
                # quote has swallowed: it costs one row and not the rows behind it.
                position = start + 1
        return len(lines)

    def _add_broken(self, block: Block, line: str, lines_read: int) -> None:
        """Add a record that could not be parsed, of which only the first line is taken."""
        line = line.rstrip("\r\n")
        spans, is_closed = cell_spans(line, self._dialect, is_strict=False)
        cells = [span.text(line) for span in spans]
        large = [i for i, cell in enumerate(cells) if len(cell) > MAX_CELL_CHARS]
        if not is_closed:
            block.broken[len(block.rows)] = _unclosed(len(cells), lines_read)
            cells = line.split(self._dialect.delimiter)
        elif large:
            block.broken[len(block.rows)] = _too_large(large[0])
        block.rows.append(cells)


def _starts(rows: list[list[str]], first_line: int) -> list[int]:
    """The line where each record starts, and that of the record after them."""
    return list(accumulate(map(_lines_of, rows), initial=first_line))


def _lines_of(cells: list[str]) -> int:
    return 1 + sum(count_lines(cell) for cell in cells if "\n" in cell or "\r" in cell)


def _unclosed(column: int, lines_read: int) -> Broken:
    over = f", and it runs on over {lines_read - 1:,} further lines" if lines_read > 1 else ""
    return Broken(
        column,
        "unclosed_quote",
        f"A quote opens in this row and is not closed at the cell's end{over}. Close it, and "
        'write quotes that belong to the text twice ("").',
    )


def _too_large(column: int) -> Broken:
    return Broken(
        column,
        "cell_too_large",
        f"The cell has more than {MAX_CELL_CHARS:,} characters. Split the row into several.",
    )
