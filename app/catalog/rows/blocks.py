"""The bytes of a file -> its records, in blocks of about 256 KB."""

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from app.catalog.header.detected import Detected
from app.catalog.text.dialect import MAX_CELL_CHARS
from app.catalog.text.encodings import decoded
from app.catalog.text.grid import GridReader
from app.catalog.text.lines import end_of_last_line, split_lines
from app.catalog.text.records import Block, RecordParser
from app.domain.errors import CellError, CsvInvalid

MAX_RECORD_CHARS = 2 * MAX_CELL_CHARS


def read_blocks(stream: BinaryIO, detected: Detected) -> Iterator[Block]:
    """All records after the header, from the file's start, in blocks of about 256 KB.

    Raises:
        CsvInvalid: a record is longer than MAX_RECORD_CHARS.
    """
    parser = RecordParser(detected.dialect)
    grids = (
        None
        if detected.blanks_before_quotes
        else GridReader(detected.delimiter, len(detected.header))
    )
    next_row = detected.header_row + 1
    # A list of addresses may have no header, but what Excel says of its delimiter is no row of it.
    header_is_next = detected.header_row > 0
    lines_before_header = max(detected.header_row - 1, 0)
    first_line = 1
    rest = ""
    needed = 0
    clean = True
    the_end = (("", True),)
    for text, text_is_clean in chain(decoded(stream, detected.text_encoding), the_end):
        last = not text
        rest += text
        clean = clean and text_is_clean
        if len(rest) < needed and not last:
            continue
        if grids is not None and clean and not header_is_next:
            grid = grids.read(rest)
            if grid is not None:
                block = Block(grid, first_line)
                if detected.workbook:
                    block.lines = range(next_row, next_row + block.count)
                    next_row += block.count
                first_line += grid.lines
                rest, needed = rest[grid.size :], 0
                yield block
                if not last:
                    continue

        cut = len(rest) if last else end_of_last_line(rest)
        lines = split_lines(rest[:cut], clean=clean)
        skip = min(lines_before_header, len(lines))
        lines_before_header -= skip
        block, used = parser.parse(lines[skip:], first_line + skip, last=last)
        used += skip
        if not used and len(rest) > MAX_RECORD_CHARS:
            raise _too_long(next_row if detected.workbook else first_line)
        first_line += used
        rest = "".join([*lines[used:], rest[cut:]])
        # The beginning of a long record is parsed again each time. Waiting until twice as much is
        # there keeps the sum of these attempts in proportion to the record's length.
        needed = 0 if used else 2 * len(rest)
        block.clean = clean
        clean = text_is_clean and (clean or used == len(lines))
        if header_is_next and block.rows:
            header_is_next = False
            block.drop_first()
        if detected.workbook:
            # No record of such a file is left out, and above its header each is one line.
            block.lines = range(next_row, next_row + block.count)
            next_row += block.count
        if block.rows:
            yield block


def _too_long(line: int) -> CsvInvalid:
    message = (
        f"The row that starts in line {line:,} is longer than {MAX_RECORD_CHARS:,} characters. "
        "Look for a quote that is not closed, or split it into several rows."
    )
    return CsvInvalid(message, [CellError(line, None, None, "row_too_long", message)], 1)
