"""What the first rows have in a column: addresses of pictures, of pages, or something else."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.catalog.cells.none_words import NONE_WORDS
from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import (
    SEPARATORS,
    contains_url,
    ends_as_picture,
    is_address_of_other,
    is_address_of_picture,
    lacks_scheme,
    looks_like_url,
)
from app.catalog.cells.wrapped.forms import Form
from app.catalog.header.siblings import is_named_as_gallery, is_named_as_images, words_of
from app.catalog.layouts.columns import plain_name

# A column of this name leads to a page, unless its cells say otherwise.
_PAGE_WORDS = frozenset(
    {
        *("url", "urls", "link", "links", "href", "permalink", "domain", "website", "web", "site"),
        *("homepage", "page", "video", "videos", "seite", "pagina", "lien", "enlace", "ссылка"),
    }
)
# What precedes the addresses of attachments: `front.jpg (https://...)`.
_NAMES_OF_FILES = re.compile(r"([^()]*)\((?:https?:)?//[^()]*\)", re.IGNORECASE)
# The rank of what leads to pages.
_PAGES = 3
_IN_LISTS = (Form.LIST, Form.NAMED)


@dataclass(slots=True)
class ColumnSample:
    """A column and what was seen in it.

    Attributes:
        pictures: addresses that end as those of pictures do, or come behind the name of one.
        cells: those that are neither empty nor a word for none; `readable` are those of addresses
            and `listed` those of lists or attachments.
        has_paths: some have no host.
        bad: a cell that is neither an address nor a word for none, "" where there is none such.
    """

    name: str
    urls: list[str] = field(default_factory=list)
    pictures: int = 0
    cells: int = 0
    readable: int = 0
    listed: int = 0
    has_paths: bool = False
    bad: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether at least half of the cells are addresses."""
        return self.readable > 0 and 2 * self.readable >= self.cells

    @property
    def rank(self) -> int:
        """How likely these are pictures.

        0: they are; 1: they end so in a column named like one of pages; 2: they may be; 3: pages.
        """
        is_named = is_named_as_images(self.name) or is_named_as_gallery(self.name)
        is_page = not is_named and not _PAGE_WORDS.isdisjoint(words_of(self.name))
        if 2 * self.pictures > len(self.urls):
            return 1 if is_page else 0
        others = [url for url in self.urls if is_address_of_other(url)]
        if not is_named:
            return _PAGES if is_page or others else 2
        # With a query, a program may answer with a picture.
        return _PAGES if 2 * sum("?" not in url for url in others) > len(self.urls) else 0


def look_at(name: str, cells: Iterable[str]) -> ColumnSample:
    """Look at the first cells of a column."""
    column = ColumnSample(name)
    # With a host before them, paths are read like addresses.
    reader = CellReader("https://host.invalid", NONE_WORDS)
    without_host = CellReader(None, NONE_WORDS)
    for cell in filter(str.strip, cells):
        content = reader.read(cell, Separator.ANY)
        if content.bad:
            column.bad = column.bad or " ".join(cell[:60].split())
        elif content.urls:
            column.readable += 1
            column.urls += content.urls
            column.pictures += _pictures(cell, content.urls, content.form)
            column.listed += content.form in _IN_LISTS
            column.has_paths = column.has_paths or bool(without_host.read(cell, Separator.ANY).bad)
        else:
            continue
        column.cells += 1
    return column


def _pictures(cell: str, urls: list[str], form: Form | None) -> int:
    count = sum(map(is_address_of_picture, urls))
    if form is not Form.NAMED or count == len(urls):
        return count
    names = _NAMES_OF_FILES.findall(cell)
    return max(count, sum(ends_as_picture(name.strip(SEPARATORS)) for name in names))


def why_none_is_read(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """What keeps the addresses of a file from being those of pictures; "" where it has none."""
    columns = [[row[index] for row in rows if index < len(row)] for index in range(len(header))]
    for index, cells in enumerate(columns):
        column = look_at(header[index], cells)
        if not plain_name(header[index]) and column.is_readable and column.rank < _PAGES:
            return (
                f"Column {index + 1} holds addresses of pictures, but has no name to send: call it "
                '"Image URL".'
            )
    for index, cells in enumerate(columns):
        complaint = _complaint(cells)
        if complaint:
            return f'"{header[index].strip()[:60]}" holds web addresses with a mistake: {complaint}'
    if not any(contains_url(cell) for cells in columns for cell in cells):
        return ""
    return (
        "None of its columns holds addresses of pictures that can be read: they lead to pages, "
        "films or documents, or stand among other text. Put the addresses of the pictures "
        'themselves into a column "Image URL".'
    )


def _complaint(cells: Sequence[str]) -> str:
    """What is wrong with the first cell of a column, if it is an address with a mistake in it."""
    first = next(filter(str.strip, cells), "")
    bad = CellReader().read(first, Separator.ANY).bad
    is_address = bad and (looks_like_url(bad[0].value) or lacks_scheme(bad[0].value))
    return bad[0].message if is_address else ""
