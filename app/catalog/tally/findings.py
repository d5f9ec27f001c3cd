"""Counting a file: products, places, distinct URLs and hosts, in memory that hardly grows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.catalog.cells.urls import contains_url, looks_like_url, origin_of
from app.catalog.header.detected import Detected
from app.catalog.rows.input_rows import InputRow
from app.catalog.rows.reader import RowReader
from app.catalog.tally.addresses import AddressCounter
from app.catalog.tally.share_pages import SharePages
from app.catalog.tally.unread import UnreadColumns
from app.catalog.tally.unread_told import addable_columns, unread_warnings
from app.catalog.text.grid import LF
from app.catalog.text.records import Block
from app.domain.errors import CellError

MAX_ERRORS_SHOWN = 100

# Columns whose name says that they hold addresses of their own.
_ADDRESS_WORDS = ("url", "link", "image", "picture", "photo", "video", "web", "site", "href", "www")


@dataclass(slots=True)
class Findings:
    """What a whole file holds.

    `products`, `places`, `images`, `duplicates` and `hosts` count usable rows only. `images` are
    distinct URLs, `places` URLs as they stand, `duplicates` the difference. `hosts` are the most
    frequent ones with their places; `host_count` how many there are (it stops at 10,000). `errors`
    are the first 100 of `error_count`, in `bad_rows` rows. `address` is a URL of the file.
    `addable` are columns that hold addresses of pictures and are read only if they are named.
    """

    detected: Detected
    warnings: list[str] = field(default_factory=list)
    products: int = 0
    places: int = 0
    images: int = 0
    duplicates: int = 0
    hosts: list[tuple[str, int]] = field(default_factory=list)
    host_count: int = 0
    bad_rows: int = 0
    errors: list[CellError] = field(default_factory=list)
    error_count: int = 0
    address: str = ""
    addable: Sequence[str] = ()

    def add_errors(self, errors: Sequence[CellError]) -> None:
        """Note a row that cannot be used."""
        self.bad_rows += 1
        self.error_count += len(errors)
        self.errors.extend(errors[: MAX_ERRORS_SHOWN - len(self.errors)])

    def take(self, addresses: AddressCounter) -> None:
        """Take over what was counted."""
        self.places = addresses.places
        self.images = addresses.distinct()
        self.duplicates = self.places - self.images
        self.hosts, self.host_count = addresses.hosts()
        self.address = addresses.first


def start_findings(
    detected: Detected, shares: SharePages | None
) -> tuple[Findings, AddressCounter]:
    """What a file's counting begins with."""
    return Findings(detected, warnings=list(detected.warnings)), AddressCounter(shares)


class Tally:
    """Takes a file block by block and counts it."""

    def __init__(self, detected: Detected, shares: SharePages | None = None) -> None:
        self.findings, self._addresses = start_findings(detected, shares)
        self._reader = RowReader(detected)
        self._images = frozenset(detected.image_columns)
        self._neighbour = _neighbour(detected)
        self._unread = UnreadColumns(detected)
        # Column -> how many of its cells hold addresses that are not read, and the first line.
        self._beside: dict[str, tuple[int, int]] = {}
        self._swallowed: dict[str, tuple[int, int]] = {}

    @property
    def rows(self) -> int:
        """All rows that were seen, usable or not."""
        return self.findings.products + self.findings.bad_rows

    def add(self, block: Block) -> None:
        """Count the rows of a block."""
        plain = self._reader.plain(block)
        if plain is None:
            rows = list(self._reader.rows_one_by_one(block))
            for row in rows:
                self._add_row(row)
            told = [row for row in rows if len(row.cells) == len(self.findings.detected.header)]
            self._unread.look_at_rows([row.row for row in told], [row.cells for row in told])
            self._note_wide(block)
            return
        self.findings.products += block.count
        self._addresses.add(plain.urls, plain.origins)
        self._unread.look_at_plain(block, len(plain.urls))
        self._note_wide(block)
        if self._may_have_addresses_beside(block):
            for line, cells in zip(block.lines, block.rows, strict=True):
                self._look_beside(line, cells)

    def _note_wide(self, block: Block) -> None:
        if block.grid is None:
            width = len(self.findings.detected.header)
            for line, cells in zip(block.lines, block.rows, strict=True):
                if len(cells) > width and any(map(str.strip, cells[width:])):
                    self._unread.note_wide(line)
                    return

    def finish(self) -> Findings:
        """The counts of all blocks."""
        findings = self.findings
        findings.take(self._addresses)
        findings.addable = addable_columns(findings.detected, self._unread)
        for column in findings.addable:
            self._beside.pop(column, None)
        findings.warnings += unread_warnings(findings.detected, self._unread, told=self._beside)
        findings.warnings += [
            f'The column "{column}" beside the image URLs holds web addresses in '
            f"{_cells(count)} (first in line {line:,}). They are kept and not fetched. If they are "
            "images, put all image URLs of a row into one cell, in quotes."
            for column, (count, line) in self._beside.items()
        ] + [
            f'The column "{column}" has text of several lines with web addresses in '
            f"{_cells(count)} (first in line {line:,}). If rows are missing there, look for a "
            "quote that is not closed."
            for column, (count, line) in self._swallowed.items()
        ]
        return findings

    def _add_row(self, row: InputRow) -> None:
        findings = self.findings
        if row.errors:
            findings.add_errors(row.errors)
            self._addresses.note(row.urls)
            return
        findings.products += 1
        self._addresses.add(row.urls, list(map(origin_of, row.urls)))
        self._look_beside(row.row, row.cells)

    def _look_beside(self, line: int, cells: list[str]) -> None:
        """Note addresses outside the images column that may have been meant as images."""
        name_of = self.findings.detected.column_name
        if self._neighbour is not None and looks_like_url(cells[self._neighbour]):
            _note(self._beside, name_of(self._neighbour), line)
        for index, cell in enumerate(cells):
            if index in self._images or "\n" not in cell or self.findings.detected.workbook:
                continue
            if contains_url(cell.partition("\n")[2]):
                _note(self._swallowed, name_of(index), line)

    def _may_have_addresses_beside(self, block: Block) -> bool:
        """Whether `_look_beside` may find something in a block of good rows."""
        if block.grid is None:
            return block.multiline or self._neighbour is not None
        if self._neighbour is not None and contains_url(block.grid.column(self._neighbour)):
            return True
        if not block.multiline:
            return False
        beside = (
            block.grid.column(index)
            for index in range(len(self.findings.detected.header))
            if index not in self._images
        )
        return any(LF in column and contains_url(column) for column in beside)


def _neighbour(detected: Detected) -> int | None:
    """The next column that has a name, if this name does not say that it holds addresses."""
    for index in range(detected.list_columns.images + 1, len(detected.header)):
        name = detected.header[index].strip().lower()
        if name:
            if index in detected.image_columns:
                return None
            return None if any(word in name for word in _ADDRESS_WORDS) else index
    return None


def _note(notes: dict[str, tuple[int, int]], column: str, line: int) -> None:
    count, first = notes.get(column, (0, line))
    notes[column] = (count + 1, first)


def _cells(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
