"""The fast way from text to cells, for text in which quotes are used as they should be.

`csv.reader` makes a list and its cells for every row. A check of the whole file needs neither rows
nor most of the cells, so that here whole blocks are cut into cells at once, and what is no cell's
end is hidden from the cut behind a stand-in. What is not of this shape is left to `csv.reader`; a
test compares the two.
"""

from collections.abc import Sequence
from itertools import accumulate

# Text without control characters has none of these, so they can stand for what a quoted cell hides.
CELL, RECORD, CR, LF, DELIMITER = "\x00", "\x1c", "\x1d", "\x1e", "\x1f"
_QUOTE = '"'
# A record whose cells have several lines may begin that many quoted cells before its last one.
_MAX_STEPS_BACK = 8


class Grid:
    """Records of one width, as one list of all their cells.

    Args:
        text: the records, each ended by a line feed; inside of cells the stand-ins.
        cells: all cells; the first one of each record begins with RECORD.
        width: how many of them a record has.
        lines: how many lines of the file the records take.
    """

    __slots__ = ("_cells", "_delimiter", "_text", "count", "lines", "width")

    def __init__(self, text: str, cells: list[str], width: int, lines: int, delimiter: str) -> None:
        self._text = text
        self._cells = cells
        self._delimiter = delimiter
        self.width = width
        self.count = len(cells) // width
        self.lines = lines

    @property
    def is_multiline(self) -> bool:
        """Whether a cell has several lines."""
        return self.lines != self.count

    def column(self, index: int) -> list[str]:
        """One cell of each record, with stand-ins for what its quotes hide."""
        cells = self._cells[index :: self.width]
        return CELL.join(cells).replace(RECORD, "").split(CELL) if index == 0 else cells

    def rows(self) -> list[list[str]]:
        """The records as `csv.reader` has them."""
        joined = CELL.join(self._cells).replace(RECORD, "")
        joined = joined.replace(DELIMITER, self._delimiter)
        if self.is_multiline:
            joined = joined.replace(LF, "\n").replace(CR, "\r")
        cells = joined.split(CELL)
        return [cells[at : at + self.width] for at in range(0, len(cells), self.width)]

    def starts(self, first_line: int) -> Sequence[int]:
        """The line of the file where each record starts."""
        if not self.is_multiline:
            return range(first_line, first_line + self.count)
        taken = (
            1 + record.count(LF) + record.count(CR) - record.count(CR + LF)
            for record in self._text.split("\n")[:-2]
        )
        return list(accumulate(taken, initial=first_line))


def read_grid(text: str, delimiter: str, width: int) -> tuple[Grid, int] | None:
    """Cut whole lines into records; None when `csv.reader` has to look.

    Args:
        text: whole lines without control characters; it may end in the middle of a quoted cell.
        width: what every record must have, at least 2.
    Returns:
        the records, and how many characters of the text they are.
    """
    end = _end_of_last_record(text)
    if not end:
        return None
    text = text[:end]
    hidden_lines = 0
    if _QUOTE in text:
        hidden = _without_quotes(text, delimiter)
        if hidden is None:
            return None
        text, hidden_lines = hidden
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    cells = (RECORD + text[:-1].replace("\n", delimiter + RECORD)).split(delimiter)
    records = text.count("\n")
    if len(cells) != width * records:
        return None
    # Each record's first cell stands where it has to only if no record is wider or narrower.
    if RECORD.join(cells[::width]).count(RECORD) != 2 * records - 1:
        return None
    return Grid(text, cells, width, records + hidden_lines, delimiter), end


def _end_of_last_record(text: str) -> int:
    """Where the last record ends that is there as a whole; 0 if that cannot be said quickly."""
    end = len(text)
    quotes = text.count(_QUOTE)
    for _ in range(_MAX_STEPS_BACK):
        if quotes % 2 == 0:
            return end
        # The last quote opens a cell that goes on behind the text.
        opening = text.rfind(_QUOTE, 0, end)
        start = max(text.rfind("\n", 0, opening), text.rfind("\r", 0, opening)) + 1
        quotes -= text.count(_QUOTE, start, end)
        end = start
    return 0


def _without_quotes(text: str, delimiter: str) -> tuple[str, int] | None:
    """Take the quotes away and hide what they hide; also how many line ends that were."""
    if _QUOTE * 2 in text:
        return None
    # Without doubled quotes, those that open and those that close take turns.
    parts = text.split(_QUOTE)
    outside = _QUOTE.join(parts[::2])
    quoted = len(parts) // 2
    # Every cell has to begin behind a delimiter or line end, and to end before one. At the text's
    # own ends there is none to be seen.
    before = outside.count(delimiter + _QUOTE) + outside.count("\n" + _QUOTE)
    before += outside.count("\r" + _QUOTE) + (not parts[0])
    behind = outside.count(_QUOTE + delimiter) + outside.count(_QUOTE + "\n")
    behind += outside.count(_QUOTE + "\r") + (not parts[-1])
    if before != quoted or behind != quoted:
        return None
    inside = _QUOTE.join(parts[1::2])
    lines = 0
    if "\n" in inside or "\r" in inside:
        lines = inside.count("\n") + inside.count("\r") - inside.count("\r\n")
        inside = inside.replace("\r", CR).replace("\n", LF)
    parts[1::2] = inside.replace(delimiter, DELIMITER).split(_QUOTE)
    return "".join(parts), lines
