"""The bytes of a file -> its records, in blocks of about as many bytes as are read at once."""

from collections.abc import Iterator
from typing import BinaryIO

from app.catalog.header.detected import Detected
from app.catalog.text.dialect import MAX_CELL_CHARS
from app.catalog.text.encodings import CHUNK_BYTES, decoded
from app.catalog.text.grid import GridReader
from app.catalog.text.lines import end_of_last_line, split_lines
from app.catalog.text.records import Block, RecordParser
from app.domain.errors import CellError, CsvInvalid

MAX_RECORD_CHARS = 2 * MAX_CELL_CHARS


def read_blocks(
    stream: BinaryIO, detected: Detected, *, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Block]:
    """All records after the header, from the file's start.

    Args:
        chunk_bytes: read at once. Smaller blocks take less memory and more time.
    Raises:
        CsvInvalid: a record is longer than MAX_RECORD_CHARS.
    """
    reader = _BlockReader(detected, chunk_bytes)
    for text, is_clean in decoded(stream, detected.text_encoding, chunk_bytes):
        yield from reader.blocks(text, is_clean=is_clean)
    yield from reader.blocks("", is_clean=True, last=True)


class _BlockReader:
    """Cuts a text that comes in chunks into blocks of whole records.

    A block is made of one chunk at most, and a record that is longer than a chunk is a block of its
    own: whatever a file has, no more than some chunks of it are in memory as lines and cells.
    """

    def __init__(self, detected: Detected, chunk_chars: int) -> None:
        self._parser = RecordParser(detected.dialect)
        self._grids = (
            None
            if detected.blanks_before_quotes
            else GridReader(detected.delimiter, len(detected.header))
        )
        self._is_workbook = detected.workbook
        self._next_row = detected.header_row + 1
        # A list of addresses may have no header, but what Excel says of its delimiter is no row.
        self._header_is_next = detected.header_row > 0
        self._lines_before_header = max(detected.header_row - 1, 0)
        self._first_line = 1
        self._chunk_chars = chunk_chars
        self._rest = ""
        self._clean = True
        self._needed = 0

    def blocks(self, text: str, *, is_clean: bool, last: bool = False) -> Iterator[Block]:
        """The blocks that are whole with the next text.

        Args:
            is_clean: no control character is in the text.
            last: no text comes behind it.
        """
        self._rest += text
        self._clean = self._clean and is_clean
        while self._rest and (last or len(self._rest) >= self._needed):
            block = self._next(last=last)
            if block is None:
                break
            if self._header_is_next and block.rows:
                self._header_is_next = False
                block.drop_first()
            if self._is_workbook:
                # No record of such a file is left out, and above its header each is one line.
                block.lines = range(self._next_row, self._next_row + block.count)
                self._next_row += block.count
            if block.count:
                yield block
        if len(self._rest) <= len(text):
            self._clean = is_clean

    def _next(self, *, last: bool) -> Block | None:
        """The next block; None: no record is whole in the text so far."""
        block = None
        if not self._needed:
            # A chunk with the end of the one before it is cut once and not twice.
            is_all = len(self._rest) <= self._chunk_chars * 5 // 4
            piece = self._rest if is_all else self._rest[: self._chunk_chars]
            block = self._grid(piece) or self._lines(piece, last=last and is_all)
        if block is None:
            block = self._long_record(last=last)
        if block is not None:
            block.clean = self._clean
        return block

    def _grid(self, text: str) -> Block | None:
        if self._grids is None or not self._clean or self._header_is_next:
            return None
        grid = self._grids.read(text)
        if grid is None:
            return None
        block = Block(grid, self._first_line)
        self._used(grid.size, grid.lines)
        return block

    def _lines(self, text: str, *, last: bool) -> Block | None:
        cut = len(text) if last else end_of_last_line(text)
        lines = split_lines(text[:cut], clean=self._clean)
        skip = min(self._lines_before_header, len(lines))
        self._lines_before_header -= skip
        block, used = self._parser.parse(lines[skip:], self._first_line + skip, last=last)
        used += skip
        if not used:
            return None
        self._used(cut if used == len(lines) else sum(map(len, lines[:used])), used)
        return block

    def _long_record(self, *, last: bool) -> Block | None:
        cut = len(self._rest) if last else end_of_last_line(self._rest)
        first = self._parser.parse_first(self._rest[:cut], self._first_line, last=last)
        if first is None:
            if len(self._rest) > MAX_RECORD_CHARS:
                raise _too_long(self._next_row if self._is_workbook else self._first_line)
            # The beginning of a long record is parsed again each time. Waiting until twice as much
            # is there keeps the sum of these attempts in proportion to the record's length.
            self._needed = 2 * len(self._rest)
            return None
        block, chars, lines = first
        self._used(chars, lines)
        return block

    def _used(self, chars: int, lines: int) -> None:
        self._rest, self._needed = self._rest[chars:], 0
        self._first_line += lines


def _too_long(line: int) -> CsvInvalid:
    message = (
        f"The row that starts in line {line:,} is longer than {MAX_RECORD_CHARS:,} characters. "
        "Look for a quote that is not closed, or split it into several rows."
    )
    return CsvInvalid(message, [CellError(line, None, None, "row_too_long", message)], 1)
