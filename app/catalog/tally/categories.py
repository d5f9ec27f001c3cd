"""Groups of variants that are probably categories: names in them have nothing in common."""

import re
from collections.abc import Sequence

from app.catalog.header.detected import Detected
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.rows.input_rows import InputRow

# Two names may have no word in common, and be those of variants all the same.
_LEAST_NAMES = 3
# Rows of a group mostly follow one another; what is farther away is looked at as another one.
_GROUPS_REMEMBERED = 10_000
_WORD = re.compile(r"[^\W\d_]{2,}")
# From here on, writing has no blanks between its words.
_FIRST_OF_EAST_ASIA = "\u3040"
_VALUE_CHARS = 60


class Categories:
    """Looks at the rows of one file.

    Args:
        group, name: the columns of the group and of the product's name.
    """

    def __init__(self, group: int, name: int) -> None:
        self._group = group
        self._name = name
        # The names of a group by the line of each, as long as no two have a word in common.
        self._groups: dict[str, dict[frozenset[str], tuple[int, str]] | None] = {}
        self._first: tuple[str, list[tuple[int, str]]] | None = None

    def look_at(self, rows: Sequence[InputRow]) -> None:
        """Look at some rows."""
        for row in rows:
            group, name = row.cells[self._group].strip(), row.cells[self._name].strip()
            words = _words(name)
            if group and words:
                self._note(group, words, row.row, name)

    def _note(self, group: str, words: frozenset[str], line: int, name: str) -> None:
        names = self._groups.setdefault(group, {})
        if names is None:
            return
        if any(words & others for others in names):
            # Variants; nothing more can be learnt of them.
            self._groups[group] = None
        elif len(names) < _LEAST_NAMES:
            names[words] = (line, name)
        while len(self._groups) > _GROUPS_REMEMBERED:
            self._forget(next(iter(self._groups)))

    def _forget(self, group: str) -> None:
        names = self._groups.pop(group)
        if names is not None and len(names) == _LEAST_NAMES and self._first is None:
            self._first = group, list(names.values())

    def warnings(self, detected: Detected) -> list[str]:
        """A sentence for the owner where a group is no product; once the whole file was seen."""
        for group in list(self._groups):
            self._forget(group)
        if self._first is None:
            return []
        group, names = self._first
        shown = ", ".join(f'"{name[:_VALUE_CHARS]}"' for _, name in names)
        columns = ColumnMapping.of_names(detected.public()["columns"]).to_text()
        sentence = (
            f'All rows with "{group[:_VALUE_CHARS]}" in "{detected.column_name(self._group)}" are '
            f"counted as one product, but their names have nothing in common ({shown}; the first "
            f"in line {names[0][0]:,}). If that is a category, send columns={columns} (each row is "
            "then a product of its own)."
        )
        return [sentence]


def _words(name: str) -> frozenset[str]:
    """What two names may have in common: words, and in East Asia pairs of letters."""
    words = set(_WORD.findall(name.casefold()))
    pairs = {
        word[at : at + 2]
        for word in words
        if word[0] >= _FIRST_OF_EAST_ASIA
        for at in range(len(word) - 1)
    }
    return frozenset(words | pairs)
