"""The fast way from text to cells, for text in which quotes are used as they should be.

`csv.reader` makes a list and its cells for every row. A check of the whole file needs neither the
rows nor most of the cells, so that here a block is cut into cells at once, after what is no cell's
end was hidden from the cut behind stand-ins. What is not of this shape is left to `csv.reader`; a
test compares the two.
"""

from collections.abc import Sequence
from itertools import accumulate

from app.catalog.detected import Detected

# Text without control characters has none of these, so that they can stand for what a quoted cell
# hides, for a record's start, and for the border between cells.
CELL, RECORD, QUOTE, CR, LF, DELIMITER = "\x00", "\x1b", "\x1c", "\x1d", "\x1e", "\x1f"
STAND_INS = (QUOTE, CR, LF, DELIMITER)

# Above this, cells may be longer than `csv.reader` would let pass.
_MAX_TEXT_CHARS = 4 * 1024 * 1024
# How many lines a record may have begun before the text ends inside of it.
_MAX_STEPS_BACK = 8
_BLOCKS_LEFT_OUT = 4


class Grid:
    """Records of one width, as one list of all their cells.

    Args:
        text: the records, each ended by a line feed; inside of cells the stand-ins.
        cells: all cells; the first one of each record begins with RECORD.
        width: how many of them a record has.
        lines: how many lines of the file the records take.
        size: how many characters.
    """

    def __init__(
        self, text: str, cells: list[str], width: int, delimiter: str, *, lines: int, size: int
    ) -> None:
        self._text = text
        self._cells = cells
        self._width = width
        self._delimiter = delimiter
        self.count = len(cells) // width
        self.lines = lines
        self.size = size

    @property
    def is_multiline(self) -> bool:
        """Whether a cell has several lines."""
        return self.lines != self.count

    def column(self, index: int) -> list[str]:
        """One cell of each record, with stand-ins for what its quotes hide."""
        cells = self._cells[index :: self._width]
        return cells if index else CELL.join(cells).replace(RECORD, "").split(CELL)

    def rows(self) -> list[list[str]]:
        """The records as `csv.reader` has them."""
        joined = CELL.join(self._cells).replace(RECORD, "").replace(DELIMITER, self._delimiter)
        for stand_in, original in ((QUOTE, '"'), (LF, "\n"), (CR, "\r")):
            if stand_in in joined:
                joined = joined.replace(stand_in, original)
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
    """Cuts text into records of the header's width, where that is possible.

    Text that could not be read so is likely to be followed by text of its kind, so that some blocks
    are left out then.
    """

    def __init__(self, detected: Detected) -> None:
        self._delimiter = detected.delimiter
        self._width = len(detected.header)
        self._left_out = 0

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
        delimiter, width = self._delimiter, self._width
        size = _end_of_last_record(text)
        if not size or width < 2:
            return None
        text = text[:size]
        lines = 0
        if '"' in text:
            unquoted = _without_quotes(text, delimiter)
            if unquoted is None:
                return None
            text, lines = unquoted
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        records = text.count("\n")
        cells = (RECORD + text[:-1].replace("\n", delimiter + RECORD)).split(delimiter)
        if len(cells) != width * records:
            return None
        # So many cells, and each record's first one where it has to be: none is wider or narrower.
        if CELL.join(cells[::width]).count(RECORD) != records:
            return None
        return Grid(text, cells, width, delimiter, lines=records + lines, size=size)


def _end_of_last_record(text: str) -> int:
    """Where the last record ends that is there as a whole; 0 if that cannot be said quickly."""
    end = _end_of_last_line(text, len(text))
    quotes = text.count('"', 0, end)
    for _ in range(_MAX_STEPS_BACK):
        if quotes % 2 == 0:
            return end
        # The last quote opens a cell that goes on behind the text; its record is left for later.
        start = _end_of_last_line(text, text.rfind('"', 0, end))
        quotes -= text.count('"', start, end)
        end = start
    return 0


def _end_of_last_line(text: str, end: int) -> int:
    # A CR at the very end may be the first half of a CR LF.
    return max(text.rfind("\n", 0, end), text.rfind("\r", 0, max(end - 1, 0))) + 1


def _without_quotes(text: str, delimiter: str) -> tuple[str, int] | None:
    """Take the quotes away, hide what they hide, and count its line ends.

    None if a quote stands where none should. Every second quote opens, and doubled ones inside of
    a cell close and open it again: between them is nothing.
    """
    parts = text.split('"')
    quoted = len(parts) // 2
    if '""' in text:
        parts[2:-1:2] = [part or QUOTE for part in parts[2:-1:2]]
    outside = '"'.join(parts[::2])
    # Every cell begins at the text's start, behind a delimiter or a line end, or goes on behind a
    # quote of its own; so it ends.
    starts, ends = not parts[0], not parts[-1]
    for sign in (delimiter, "\n", "\r", QUOTE):
        starts += outside.count(sign + '"')
        ends += outside.count('"' + sign)
    if starts != quoted or ends != quoted:
        return None
    inside = '"'.join(parts[1::2])
    lines = 0
    if "\n" in inside or "\r" in inside:
        lines = inside.count("\n") + inside.count("\r") - inside.count("\r\n")
        inside = inside.replace("\r", CR).replace("\n", LF)
    parts[1::2] = inside.replace(delimiter, DELIMITER).split('"')
    return "".join(parts), lines
