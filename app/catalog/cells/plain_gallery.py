"""The fast path through several image columns: each is judged alone, then rows are made of them.

A cell behind another one must not be taken for the end of its address, which is why the columns
cannot be judged as one text.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from app.catalog.cells.plain import PlainCells, PlainReader

_SEPARATOR = "\t"


def read_gallery(
    columns: Sequence[Sequence[str]], readers: Sequence[PlainReader]
) -> PlainCells | None:
    """The URLs of rows with several image cells, or None when one needs a closer look.

    Args:
        columns: the cells of each column; empty ones are fine as long as a row has another one.
        readers: one for each column.
    """
    by_column: list[list[str]] = []
    parts: list[PlainCells] = []
    for cells, reader in zip(columns, readers, strict=True):
        filled = list(filter(None, cells))
        if not filled:
            continue
        plain = reader.read("\n".join(filled), commas_inside=True)
        if plain is None:
            return None
        lines = plain.lines.replace(plain.separator, _SEPARATOR).split("\n")
        if len(filled) < len(cells):
            left = iter(lines)
            lines = [next(left) if cell else "" for cell in cells]
        by_column.append(lines)
        parts.append(plain)
    rows = [_SEPARATOR.join(filter(None, each)) for each in zip(*by_column, strict=True)]
    if not rows or not all(rows):
        return None
    urls = _SEPARATOR.join(rows).split(_SEPARATOR)
    return PlainCells("\n".join(rows), _SEPARATOR, urls, _origins(parts))


def _origins(parts: Sequence[PlainCells]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for plain in parts:
        counts.update(plain.origins)
    return counts
