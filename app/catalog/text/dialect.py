"""How the records of one file are written: its delimiter, and where its quotes may open."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# A cell of 5,000 long URLs has about 1 MB. A quote that is never closed makes the rest of the file
# one cell, and this is where its reading ends. The limit is one per process; nobody else sets it.
MAX_CELL_CHARS = 8 * 1024 * 1024
csv.field_size_limit(MAX_CELL_CHARS)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A file's dialect of CSV.

    Attributes:
        delimiter: one character.
        blanks_before_quotes: cells are written `a, "b, c"`: the blanks before an opening quote
            belong to no cell.
    """

    delimiter: str
    blanks_before_quotes: bool = False

    def strict_rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The records in these lines by the strict rules of CSV.

        The tolerant mode of Python's csv module joins two rows in silence when a quote is not
        closed, which is why it is not used.

        Raises:
            csv.Error: the quotes of a record do not follow the rules.
        """
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            skipinitialspace=self.blanks_before_quotes,
            strict=True,
        )
