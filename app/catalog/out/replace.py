"""The CSV out with output=replace: the file as it came, with other addresses in its image cells.

It goes to an importer, not into a spreadsheet: nothing but addresses is changed, so formulas are
not guarded, and encoding, delimiter, quotes, line ends and lines above the header stay.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal

from app.catalog.cells.written import replaced
from app.catalog.header.detected import Detected
from app.catalog.layouts.layout import ImageColumn
from app.catalog.out.raw import RawLine, RawRecords, byte_order_mark, edited, spliced
from app.catalog.rows.cell_readers import cell_reader
from app.catalog.rows.input_rows import InputRow
from app.catalog.rows.shape import Shaper
from app.catalog.text.lines import split_lines
from app.catalog.text.spans import CellSpan, cell_spans

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Change:
    """The cells from `index` on, `count` of them, are to say `value` together."""

    index: int
    count: int
    value: str


def write_replaced(
    stream: BinaryIO, detected: Detected, rows: Iterable[tuple[InputRow, Sequence[str | None]]]
) -> Iterator[bytes]:
    """The file with new addresses, in chunks of about 64 KB.

    Args:
        stream: the file that `detected` describes, read from its start.
        rows: its rows in their order, each with one address for each of its places: None keeps the
            old one. Rows with errors are left as they are.
    """
    chunk = bytearray(byte_order_mark(detected))
    for piece in _pieces(stream, detected, rows):
        chunk += piece
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def charset(detected: Detected) -> str:
    """The name of the file's encoding in a Content-Type (RFC 2978)."""
    name = detected.encoding.replace("_", "-")
    if detected.bom and name.startswith("utf-"):
        return "-".join(name.split("-")[:2])
    code_page = name.removeprefix("cp125")
    return f"windows-125{code_page}" if code_page != name else name


def _pieces(
    stream: BinaryIO, detected: Detected, rows: Iterable[tuple[InputRow, Sequence[str | None]]]
) -> Iterator[bytes]:
    records = RawRecords(stream, detected)
    replacer = _Replacer(detected)
    for row, urls in rows:
        if row.errors or not any(urls):
            continue
        yield from records.before(row.row)
        lines, is_strict = records.take()
        yield replacer.record(lines, urls, is_strict=is_strict)
    yield from records.rest()


class _Replacer:
    """Puts addresses into single records of one file."""

    def __init__(self, detected: Detected) -> None:
        self._detected = detected
        self._layout = detected.layout
        self._dialect = detected.dialect
        self._delimiter = detected.delimiter
        self._cells = cell_reader(detected)
        self._shaper = Shaper(detected)

    def record(
        self, lines: Sequence[RawLine], urls: Sequence[str | None], *, is_strict: bool
    ) -> bytes:
        """A record with these addresses, one for each of its places, and otherwise unchanged.

        What comes out is read again. If it does not say what it should, the record is written by
        the rules of CSV, so that its cells are right and its quotes may differ.
        """
        text = "".join(line.text for line in lines)
        spans, _ = cell_spans(text, self._dialect, is_strict=is_strict)
        cells = self._read(text, is_strict=is_strict)
        changes = self._changes(cells, spans, urls)
        wanted = list(cells)
        for change in reversed(changes):
            wanted[change.index : change.index + change.count] = [change.value]
        if len(cells) == len(spans):
            edits = [self._edit(text, spans, change) for change in changes]
            try:
                changed = self._read(edited(text, edits), is_strict=is_strict)
            except csv.Error:
                # The address begins in a quoted cell and ends behind it: the closing quote is gone.
                return self._written(text, wanted)
            # Unquoted addresses that run on into further cells are one text with the first.
            is_exact = len(wanted) == len(cells)
            if changed == wanted if is_exact else self._joined(changed) == self._joined(wanted):
                return spliced(lines, edits, self._detected.text_encoding)
        return self._written(text, wanted)

    def _read(self, text: str, *, is_strict: bool) -> list[str]:
        if is_strict:
            lines = split_lines(text, clean=False)
            return next(self._dialect.strict_rows(lines), [])
        spans, _ = cell_spans(text, self._dialect, is_strict=False)
        return [span.text(text) for span in spans]

    def _changes(
        self, cells: Sequence[str], spans: Sequence[CellSpan], urls: Sequence[str | None]
    ) -> list[_Change]:
        record = list(cells)
        image_cell = self._shaper.shape(record).image_cell
        taken = self._cells_taken(record, image_cell)
        changes: list[_Change] = []
        at = 0
        for column in self._layout.images:
            index = self._shaper.place_in(record, column.index, taken)
            is_main = column.index == self._layout.runs_over
            cell = image_cell if is_main else cells[index] if index < len(cells) else ""
            places = self._cells.read(cell, column.separator).places
            new = urls[at : at + len(places)]
            at += len(places)
            if not any(new):
                continue
            if is_main and taken > 1:
                changes += self._where_it_ran_over(column, cells, spans, new, image_cell, taken)
            else:
                changes.append(_Change(index, 1, replaced(cell, places, new, column.separator)))
        return sorted(changes, key=lambda each: each.index)

    def _cells_taken(self, cells: Sequence[str], image_cell: str) -> int:
        """How many cells the addresses take up that may run over."""
        first = self._layout.runs_over
        if first is None:
            return 1
        length, count = len(cells[first]), 1
        while length < len(image_cell):
            length += len(self._delimiter) + len(cells[first + count])
            count += 1
        return count

    def _where_it_ran_over(
        self,
        column: ImageColumn,
        cells: Sequence[str],
        spans: Sequence[CellSpan],
        urls: Sequence[str | None],
        image_cell: str,
        count: int,
    ) -> list[_Change]:
        """The images cell, and those right of it that its addresses run on into."""
        first, separator = column.index, column.separator
        if any(span.is_quoted for span in spans[first : first + count]):
            contents = [
                self._cells.read(cell, separator).places for cell in cells[first : first + count]
            ]
            if sum(map(len, contents)) == len(urls):
                left = iter(urls)
                return [
                    _Change(index, 1, replaced(cells[index], places, new, separator))
                    for index, places in enumerate(contents, start=first)
                    if any(new := [next(left) for _ in places])
                ]
        places = self._cells.read(image_cell, separator).places
        return [_Change(first, count, replaced(image_cell, places, urls, separator))]

    def _edit(self, text: str, spans: Sequence[CellSpan], change: _Change) -> tuple[int, int, str]:
        first, last = spans[change.index], spans[change.index + change.count - 1]
        value = change.value
        if first.is_quoted:
            value = value.replace('"', '""')
        elif change.count == 1 and any(
            # A cell without quotes around it, such as =IMAGE("…"), needs none for new addresses.
            each in value and each not in text[first.start : last.end]
            for each in (self._delimiter, '"', "\r", "\n")
        ):
            value = '"' + value.replace('"', '""') + '"'
        return first.start, last.end, value

    def _joined(self, cells: Sequence[str]) -> str:
        return self._delimiter.join(cells)

    def _written(self, text: str, cells: Sequence[str]) -> bytes:
        end = text[len(text.rstrip("\r\n")) :]
        quoting: Literal[0, 1] = csv.QUOTE_ALL if text.startswith('"') else csv.QUOTE_MINIMAL
        buffer = io.StringIO(newline="")
        csv.writer(buffer, delimiter=self._delimiter, lineterminator=end, quoting=quoting).writerow(
            cells
        )
        return buffer.getvalue().encode(self._detected.encoding)
