"""Names of headers as the data file of platforms has them, and which cells of a header they mean.

`{n}` matches a number and `{more}` what may follow a bracket, a colon or a bar, so that
`item_name{more}` is `item_name[language_tag=en_US]#1.value`. An underscore at a name's beginning
counts: `_store` is not `store`, while `store` is both.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.layouts.columns import plain_name

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MEANS = {"n": r"[\W_]*+[0-9]{1,3}", "more": r"[\s_]*+[^\w\s].*"}
# Signs between two letters of a name, and around it, do not count.
_BETWEEN = r"[\W_]*+"
# A longer cell is no column's name.
_MAX_NAME_CHARS = 300


class HeaderCells:
    """The cells of one line, in the forms in which names are looked for."""

    def __init__(self, cells: Sequence[str]) -> None:
        self.folded = [
            unicodedata.normalize("NFKC", cell[:_MAX_NAME_CHARS]).casefold() for cell in cells
        ]
        self.keys = [_keys(cell) for cell in cells]
        self.first: dict[str, int] = {}
        for index, keys in enumerate(self.keys):
            for key in keys:
                self.first.setdefault(key, index)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of columns, in the order in which they count."""

    plain: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, names: Sequence[str]) -> "Names":
        """The names of a list in the data file.

        Raises:
            ValueError: one has a placeholder that is unknown.
        """
        patterned = [name for name in names if "{" in name]
        return cls(
            plain=tuple(_keys(name)[-1] for name in names if name not in patterned),
            patterns=tuple(map(_pattern, patterned)),
        )

    def first_in(self, line: HeaderCells) -> int | None:
        """The index of the first column that has one of these names: the best name counts."""
        found = next((line.first[name] for name in self.plain if name in line.first), None)
        if found is not None or not self.patterns:
            return found
        return next(
            (
                index
                for pattern in self.patterns
                for index, cell in enumerate(line.folded)
                if pattern.fullmatch(cell)
            ),
            None,
        )

    def all_in(self, line: HeaderCells) -> list[int]:
        """The first column of each of these names, the best name first."""
        found = [line.first[name] for name in self.plain if name in line.first]
        found += [
            index
            for pattern in self.patterns
            for index, cell in enumerate(line.folded)
            if pattern.fullmatch(cell)
        ]
        return list(dict.fromkeys(found))

    def has(self, line: HeaderCells, index: int) -> bool:
        """Whether a column has one of these names."""
        return any(key in self.plain for key in line.keys[index]) or any(
            pattern.fullmatch(line.folded[index]) for pattern in self.patterns
        )


def _keys(name: str) -> tuple[str, ...]:
    """The plain names of a header's cell; the last one is the most exact."""
    plain = plain_name(name)
    if not plain:
        return ()
    return (plain, f"_{plain}") if name.strip().startswith("_") else (plain,)


def _pattern(name: str) -> re.Pattern[str]:
    pattern = ""
    for at, part in enumerate(_PLACEHOLDER.split(name)):
        if at % 2 == 0:
            pattern += "".join(_BETWEEN + re.escape(each) for each in plain_name(part))
        elif part in _MEANS:
            pattern += _MEANS[part]
        else:
            raise ValueError(f"{name}: there is no placeholder {{{part}}}")
    return re.compile(pattern + _BETWEEN, re.DOTALL)
