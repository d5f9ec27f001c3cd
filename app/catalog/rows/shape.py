"""Bringing a record to the header's width: which of its cells is in which column.

Addresses without quotes run over into further cells where the delimiter is their separator. They
are put together again, and what follows them is moved back into its column.
"""

from typing import NamedTuple

from app.catalog.cells.urls import ends_as_picture, looks_like_url
from app.catalog.header.detected import Detected


class Unclear(NamedTuple):
    """Why it cannot be said which cell belongs to which column: where, what, and the sentence."""

    column: int
    value: str
    message: str


class Shape(NamedTuple):
    """The cells of a row, as many as the header has, and the text that holds what ran over.

    `image_cell` is "" where nothing may run over; `unclear` None where all is clear.
    """

    cells: list[str]
    image_cell: str = ""
    unclear: Unclear | None = None


class Shaper:
    """Brings the records of one file to its header's width."""

    def __init__(self, detected: Detected) -> None:
        self._detected = detected
        self._width = len(detected.header)
        self._images = detected.layout.runs_over
        # The images cell and its unnamed neighbours are cells[images:behind].
        self._behind = detected.layout.nameless(detected.header).stop
        self._images_are_last = self._behind == self._width

    def shape(self, cells: list[str]) -> Shape:
        """The cells of a record, each in its column."""
        if self._images is None:
            return self._fixed(cells)
        if len(cells) == self._width and self._behind == self._images + 1:
            return Shape(cells, cells[self._images])
        return self._run_over(cells, self._images)

    def place_in(self, cells: list[str], index: int, taken: int) -> int:
        """Where a column's cell is in a record whose images cell takes up `taken` cells."""
        if self._images is None or index < self._behind or len(cells) <= self._width:
            return index
        return self._images + taken + index - self._behind

    def _fixed(self, cells: list[str]) -> Shape:
        width = self._width
        extra = len(cells) - width
        if extra <= 0:
            return Shape(cells + [""] * -extra if extra else cells)
        if any(map(str.strip, cells[width:])):
            message = (
                f"The row has {len(cells)} cells for {width} columns. Put quotes around every "
                "cell that contains the delimiter."
            )
            return Shape(cells, "", Unclear(width, self._join(cells[width:]), message))
        return Shape(cells[:width])

    def _run_over(self, cells: list[str], images: int) -> Shape:
        behind, width = self._behind, self._width
        extra = len(cells) - width
        if extra <= 0:
            filled = cells + [""] * -extra
            end, is_clear = _end_of_urls(filled, images, behind, images + 1)
            shape = Shape(filled, self._join(filled[images:end]))
            return shape if is_clear else self._unclear(shape, cells, images)

        # At most `extra` cells have run over, and at least as many as cut off nothing but empty
        # cells at the row's end.
        longest = behind + extra
        shortest = longest - _empty_at_the_end(cells, extra)
        if self._images_are_last:
            end, is_clear = _end_of_urls(cells, images, longest, longest)
            is_clear = is_clear and not any(map(str.strip, cells[end:]))
            following = []
        else:
            end, is_clear = _end_of_urls(cells, images, longest, shortest)
            is_clear = is_clear and not any(map(str.strip, cells[end:shortest]))
            end = max(end, shortest)
            following = cells[end : end + width - behind]
        image_cell = self._join(cells[images:end])
        unnamed = [""] * (behind - images - 1)
        shape = Shape([*cells[:images], image_cell, *unnamed, *following], image_cell)
        return shape if is_clear else self._unclear(shape, cells, images)

    def _join(self, cells: list[str]) -> str:
        return cells[0] if len(cells) == 1 else self._detected.delimiter.join(cells)

    def _unclear(self, shape: Shape, cells: list[str], images: int) -> Shape:
        if self._detected.workbook:
            message = (
                f'Behind "{self._detected.column_name(images)}" are cells without a column '
                "name, and it cannot be said whether they belong to the image URLs. Give their "
                "columns names, or put all image URLs of a row into one cell."
            )
        else:
            message = (
                f"The row has {len(cells)} cells for {self._width} columns, and it cannot be said "
                "which of them are image URLs and which belong to other columns. Put quotes around "
                "every cell that contains the delimiter, above all around the image URLs."
            )
        return shape._replace(unclear=Unclear(images, self._join(cells[images:]), message))


def _end_of_urls(cells: list[str], images: int, limit: int, certain: int) -> tuple[int, bool]:
    """Where the URLs end that begin in the images cell and run on to the right.

    A cell belongs to them when it is a URL, or a piece of one that has a comma: it comes after
    something that does not end like a picture's address. Such a piece may as well be the next
    column's value when it is at `certain` or behind it and has no slash: then, and when a URL
    follows a cell that is no part of one, the second value is False.
    """
    end = images + 1
    whole = ends_as_picture(cells[images])
    for index in range(end, limit):
        cell = cells[index]
        if not cell.strip():
            continue
        if looks_like_url(cell):
            if whole and any(map(str.strip, cells[end:index])):
                return end, False
        elif whole:
            continue
        elif index >= certain and "/" not in cell:
            return end, False
        end = index + 1
        whole = ends_as_picture(cell)
    return end, True


def _empty_at_the_end(cells: list[str], at_most: int) -> int:
    count = 0
    while count < at_most and not cells[-1 - count].strip():
        count += 1
    return count
