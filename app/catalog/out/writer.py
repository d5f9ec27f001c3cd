"""The CSV out: the input's columns and rows, and a column with the addresses of the results."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from app.catalog.header.detected import Detected
from app.catalog.layouts.columns import OUTPUT_COLUMN, find_column

_CHUNK_CHARS = 64 * 1024
_BYTE_ORDER_MARK = "\ufeff"

_RISKY = frozenset("=@\t\r+-")
# After the sign a number, and then nothing that could call a function, a program or another sheet.
_SIGNED_NUMBER = re.compile(r"[+-][.,]?\d(?!.*(?:[|!=@]|[A-Za-z][\w.]*\())", re.DOTALL)


def write_output(
    rows: Iterable[tuple[Sequence[str], Sequence[str | None] | None]],
    detected: Detected,
    *,
    raw: bool = False,
) -> Iterator[bytes]:
    """Write the output CSV in chunks of about 64 KB; the header comes at once.

    A column "Output Image Urls" that the input has already (an output that was uploaded again) gets
    the new addresses; there is never a second one.

    Args:
        rows: the cells as they were read, and one address per place of the row, None where the
            image failed. None instead of addresses: the row was not processed; its cell is empty.
        raw: leave cells as they came, even if a spreadsheet would run them as formulas.
    """
    return write_with_column(
        ((cells, _joined(urls)) for cells, urls in rows), OUTPUT_COLUMN, detected, raw=raw
    )


def write_with_column(
    rows: Iterable[tuple[Sequence[str], str]], name: str, detected: Detected, *, raw: bool
) -> Iterator[bytes]:
    """Write rows in the input's form with one more column, or with that column's cells replaced.

    Rows are filled up to the header's width. Cells of a row that is wider than the header come
    after the further column, so that this one is in its place in every row.
    """
    width = len(detected.header)
    place = find_column(detected.header, name)

    def lines() -> Iterator[Sequence[str]]:
        yield detected.header if place is not None else (*detected.header, name)
        for cells, value in rows:
            line = list(cells)
            line += [""] * (width - len(line))
            if place is None:
                line.insert(width, value)
            else:
                line[place] = value
            yield line

    mark = detected.bom or detected.encoding != "utf-8"
    return encode_table(lines(), delimiter=detected.delimiter, mark=mark, raw=raw)


def encode_table(
    lines: Iterable[Sequence[str]], *, delimiter: str = ",", mark: bool = False, raw: bool = False
) -> Iterator[bytes]:
    """Encode lines of cells as CSV: UTF-8, CR LF, quotes where RFC 4180 wants them.

    Yields the first line alone and then chunks of about 64 KB. `mark` puts a byte order mark first,
    without which Excel takes UTF-8 for another encoding.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    if mark:
        buffer.write(_BYTE_ORDER_MARK)
    is_first = True
    for cells in lines:
        writer.writerow(cells if raw else map(guarded, cells))
        if is_first or buffer.tell() >= _CHUNK_CHARS:
            is_first = False
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()


def guarded(cell: str) -> str:
    """Put a `'` before a cell that a spreadsheet would run as a formula.

    That is one that begins with `=`, `@`, TAB or CR, or with `+` or `-` unless a number follows: a
    price or a telephone number stays, `-2+cmd|...` does not.
    Source: OWASP, "CSV Injection".
    """
    if not cell or cell[0] not in _RISKY or _SIGNED_NUMBER.match(cell):
        return cell
    return f"'{cell}"


def _joined(urls: Sequence[str | None] | None) -> str:
    # A comma inside an address would look like the end of its place.
    return ",".join((url or "").replace(",", "%2C") for url in urls or ())
