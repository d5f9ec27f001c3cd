"""The usable rows of a file in columns, so that nothing has to be made for each of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from app.catalog.rows.input_rows import InputRow


@dataclass(slots=True)
class UsableRows:
    """Rows without errors and with at least one URL; item n of a list is of row n.

    `rows`, `serial_numbers` and `names` are as in `InputRow`. `url_counts` says how many URLs each
    row has, and `urls` are those of all rows in their sequence.
    """

    rows: Sequence[int] = field(default_factory=list)
    serial_numbers: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    url_counts: list[int] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Iterable[InputRow]) -> "UsableRows":
        """What is usable of these rows; many rows of an export have no image."""
        usable = [row for row in rows if row.urls and not row.errors]
        return cls(
            [row.row for row in usable],
            [row.serial_number for row in usable],
            [row.product_name for row in usable],
            [len(row.urls) for row in usable],
            [url for row in usable for url in row.urls],
        )

    def behind(self, row: int) -> "UsableRows":
        """Those with a higher number than this."""
        return self._split(bisect_right(self.rows, row))[1]

    def cut(self, places: int) -> "tuple[UsableRows, UsableRows]":
        """The first rows that have at least this number of URLs, or all, and the others."""
        urls_up_to_row = list(accumulate(self.url_counts))
        return self._split(1 + bisect_left(urls_up_to_row, places))

    def joined(self, other: "UsableRows") -> "UsableRows":
        """These rows and others behind them."""
        return UsableRows(
            [*self.rows, *other.rows],
            self.serial_numbers + other.serial_numbers,
            self.names + other.names,
            self.url_counts + other.url_counts,
            self.urls + other.urls,
        )

    def _split(self, count: int) -> "tuple[UsableRows, UsableRows]":
        places = sum(self.url_counts[:count])
        return UsableRows(
            self.rows[:count],
            self.serial_numbers[:count],
            self.names[:count],
            self.url_counts[:count],
            self.urls[:places],
        ), UsableRows(
            self.rows[count:],
            self.serial_numbers[count:],
            self.names[count:],
            self.url_counts[count:],
            self.urls[places:],
        )
