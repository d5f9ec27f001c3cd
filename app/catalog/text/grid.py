"""The fast path from text to cells, for text in which quotes follow the rules.

`csv.reader` makes a list and its cells for every row. A check of the whole file needs neither the
rows nor most of the cells, so a block is split into cells by one call here, after placeholders have
hidden the delimiters and line ends inside of quotes. What is not of this shape is left to
`csv.reader`; a test compares the two.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from app.catalog.text.lines import end_of_last_line

# Text without control characters has none of these, so they can be placeholders for what a quoted
# cell hides, and for the border between cells.
CELL, QUOTE, CR, LF, DELIMITER = "\x00", "\x1c", "\x1d", "\x1e", "\x1f"

# Above this, cells may be longer than `csv.reader` would let pass.
_MAX_TEXT_CHARS = 4 * 1024 * 1024
# How many lines a record may have begun before the text ends inside of it.
_MAX_STEPS_BACK = 8
_BLOCKS_LEFT_OUT = 4


class Grid:
    """Records of one width, as one list of all their cells.

    Args:
        text: the records; each ends with a line feed, and inside of cells are placeholders.
        width: how many cells a record has.
        count: how many records there are.
        lines: how many lines of the file they take.
        size: how many characters of it.
    """

    def __init__(
        self, text: str, delimiter: str, width: int, *, count: int, lines: int, size: int
    ) -> None:
        self._text = text
        self._delimiter = delimiter
        self._width = width
        self._cells = text[:-1].replace("\n", delimiter).split(delimiter)
        self.count = count
        self.lines = lines
        self.size = size

    @property
    def is_multiline(self) -> bool:
        """Whether a cell has several lines."""
        return self.lines != self.count

    def count_of(self, text: str) -> int:
        """How often all cells have a text without line ends, quotes and delimiters."""
        return self._text.count(text)

    def column(self, index: int) -> str:
        """One cell of each record, a line for each, with placeholders inside of them."""
        lines = "\n".join(self._cells[index :: self._width])
        if index == self._width - 1:
            lines = lines.replace("\r", "")  # It belongs to the line ends.
        return lines.replace('"', "") if '"' in lines else lines

    def cells(self, index: int) -> list[str]:
        """One cell of each record as `csv.reader` has it."""
        text = self.column(index)
        cells = text.split("\n")
        for placeholder, sign in (
            (DELIMITER, self._delimiter),
            (QUOTE, '"'),
            (LF, "\n"),
            (CR, "\r"),
        ):
            if placeholder in text:
                cells = [cell.replace(placeholder, sign) for cell in cells]
        return cells

    def rows(self) -> list[list[str]]:
        """The records as `csv.reader` has them."""
        joined = CELL.join(self._cells).replace('"', "").replace("\r", "")
        joined = joined.replace(DELIMITER, self._delimiter)
        for placeholder, original in ((QUOTE, '"'), (LF, "\n"), (CR, "\r")):
            if placeholder in joined:
                joined = joined.replace(placeholder, original)
        cells, width = joined.split(CELL), self._width
        return [cells[at : at + width] for at in range(0, len(cells), width)]

    def starts(self, first_line: int) -> Sequence[int]:
        """The line of the file where each record starts."""
        if not self.is_multiline:
            return range(first_line, first_line + self.count)
        taken = (
            1 + record.count(LF) + record.count(CR) - record.count(CR + LF)
            for record in self._text.split("\n")[:-2]
        )
        return list(accumulate(taken, initial=first_line))


class GridReader:
    """Cuts text into records of one width, where that is possible.

    Text that could not be read so is likely to be followed by text of its kind, so that some blocks
    are left out then.

    Args:
        delimiter: one character.
        width: how many cells the header has.
    """

    def __init__(self, delimiter: str, width: int) -> None:
        self._delimiter = delimiter
        self._width = width
        self._left_out = 0
        self._hidden = np.arange(256, dtype=np.uint8)
        for sign, placeholder in ((delimiter, DELIMITER), ("\n", LF), ("\r", CR)):
            self._hidden[ord(sign)] = ord(placeholder)

    def read(self, text: str) -> Grid | None:
        """The whole records at the text's start, or None when `csv.reader` has to look.

        Args:
            text: begins where a record does, ends anywhere, has no control characters.
        """
        if self._left_out:
            self._left_out -= 1
            return None
        grid = self._grid(text) if len(text) <= _MAX_TEXT_CHARS else None
        if grid is None:
            self._left_out = _BLOCKS_LEFT_OUT
        return grid

    def _grid(self, text: str) -> Grid | None:
        size = _end_of_last_record(text)
        if not size or self._width < 2:
            return None
        text = text[:size]
        # In UTF-8, no byte of another character is one of those that are looked for.
        data = np.frombuffer(bytearray(text.encode()), dtype=np.uint8)
        hidden_lines = 0
        if '"' in text:
            hidden = self._hide(data)
            if hidden is None:
                return None
            hidden_lines = hidden
        ends = np.flatnonzero(data == ord("\n"))
        if not self._are_records(data, ends):
            return None
        return Grid(
            data.tobytes().decode() if '"' in text else text,
            self._delimiter,
            self._width,
            count=len(ends),
            lines=len(ends) + hidden_lines,
            size=size,
        )

    def _hide(self, data: NDArray[np.uint8]) -> int | None:
        """Put placeholders for what quoted cells hide, and return how many lines that were.

        None if a quote is where none should be. Every second quote opens, and doubled ones inside
        of a cell close and open it again.
        """
        quotes = np.flatnonzero(data == ord('"'))
        opening, closing = quotes[::2], quotes[1::2]
        # At the very start, this looks at the line end behind the text.
        starts, ends = self._end_cells(data[opening - 1]), self._end_cells(data[closing + 1])
        doubled = closing[:-1] + 1 == opening[1:]
        starts[1:] |= doubled
        ends[:-1] |= doubled
        if not (starts.all() and ends.all()):
            return None
        data[closing[:-1][doubled]] = ord(QUOTE)
        signs = np.flatnonzero(self._end_cells(data))
        signs = signs[np.searchsorted(quotes, signs) % 2 == 1]
        values = data[signs]
        data[signs] = self._hidden[values]
        feeds = signs[values == ord("\n")]
        returns = int(np.count_nonzero(values == ord("\r")))
        pairs = int(np.count_nonzero(data[feeds - 1] == ord(CR)))
        return len(feeds) + returns - pairs

    def _end_cells(self, data: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which of these bytes end a cell outside of quotes."""
        # Three comparisons take a quarter of the time of a look into a table of all bytes.
        ends: NDArray[np.bool_] = data == ord(self._delimiter)
        ends |= data == ord("\n")
        ends |= data == ord("\r")
        return ends

    def _are_records(self, data: NDArray[np.uint8], ends: NDArray[np.intp]) -> bool:
        """Whether all records have the width, and all lines end alike with CR LF or LF."""
        returns = int(np.count_nonzero(data == ord("\r")))
        if returns and (returns != len(ends) or (data[ends - 1] != ord("\r")).any()):
            return False
        delimiters = np.flatnonzero(data == ord(self._delimiter))
        if len(delimiters) != (self._width - 1) * len(ends):
            return False
        by_record = delimiters.reshape(len(ends), self._width - 1)
        return bool((by_record[:, -1] < ends).all() and (by_record[1:, 0] > ends[:-1]).all())


def _end_of_last_record(text: str) -> int:
    """Where the last record ends that is there as a whole; 0 if that cannot be said quickly."""
    end = end_of_last_line(text)
    quotes = text.count('"', 0, end)
    for _ in range(_MAX_STEPS_BACK):
        if quotes % 2 == 0:
            return end
        # The last quote opens a cell that goes on behind the text; its record is left for later.
        start = end_of_last_line(text, text.rfind('"', 0, end))
        quotes -= text.count('"', start, end)
        end = start
    return 0
