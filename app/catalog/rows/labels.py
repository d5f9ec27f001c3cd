"""Labels and explanations between a header and the first product.

Templates of marketplaces have technical names as their header, and below it, for people, what to
fill in, whether it must be, and an example.
"""

from collections.abc import Sequence

from app.catalog.cells.urls import looks_like_path
from app.domain.errors import CellError

_MOST = 6


class LabelRows:
    """Tells which rows of one file are labels; asked for the rows in their order.

    Attributes:
        lines: where they were.
    """

    def __init__(self) -> None:
        self.lines: list[int] = []
        self._has_begun = False

    def is_one(
        self, line: int, name: str, urls: Sequence[str], errors: Sequence[CellError]
    ) -> bool:
        """Whether a row is one: its image cells hold texts, or it is as empty as their names.

        Args:
            name: what it calls its product.
            urls, errors: what its image cells hold.
        """
        if self._has_begun:
            return False
        texts = [each.value or "" for each in errors]
        is_label = not urls and (bool(texts) or not name) and not any(map(looks_like_path, texts))
        if is_label and len(self.lines) < _MOST:
            self.lines.append(line)
            return True
        self._has_begun = True
        return False

    def warnings(self) -> list[str]:
        """A sentence for the owner where there are some."""
        if not self.lines:
            return []
        first, last = self.lines[0], self.lines[-1]
        where = (
            f"Row {first:,} below the header is"
            if first == last
            else (f"The rows {first:,} to {last:,} below the header are")
        )
        return [f"{where} taken for labels and explanations of the template, not for products."]
