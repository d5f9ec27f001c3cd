"""A file that is nothing but addresses, one in each line, with a header or without one."""

import re
from itertools import pairwise
from typing import NamedTuple

from app.catalog.cells.none_words import means_none
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import (
    SEPARATORS,
    ends_as_picture,
    is_address_of_other,
    is_address_of_picture,
    lacks_scheme,
    looks_like_path,
    looks_like_url,
)
from app.catalog.header.lines import Candidate, Head, single_column
from app.catalog.header.siblings import is_named_as_images
from app.catalog.layouts.columns import find_columns, plain_name
from app.catalog.layouts.layout import ImageColumn, Layout

# The header that the output has where the file has none.
_HEADER = "Image URL"
# Names of a column of addresses that say nothing of images.
_ADDRESS_NAMES = frozenset(
    {"url", "urls", "link", "links", "address", "addresses", "src", "source"}
)
# What separates columns, or addresses in a cell; it may also be a part of an address.
_DELIMITER = re.compile(r"[,;|\t]")


class UrlList(NamedTuple):
    """The header of a list of addresses, in row 0 where it has none; `warning` may be empty."""

    line: Candidate
    layout: Layout
    warning: str


def find_url_list(head: Head) -> UrlList | None:
    """The header and the layout of a list of addresses; None: the file is something else.

    A column of pages or films is none, nor is one whose header says something else than that it has
    addresses or images, unless they end as pictures do.
    """
    table = single_column(head)
    if table is None:
        return None
    dialect, first, cells = table
    has_header = not _is_address(cells[0])
    header = cells[0] if has_header else _HEADER
    addresses = [cell for cell in cells[has_header:] if not means_none(cell.strip())]
    if not addresses or _DELIMITER.search(header) or not all(map(_are_addresses, addresses)):
        return None
    warning = ""
    if 2 * sum(map(_is_picture, addresses)) <= len(addresses):
        is_known = has_header and is_named_as_images(header)
        if has_header and not is_known and plain_name(header) not in _ADDRESS_NAMES:
            return None
        if 2 * sum(map(is_address_of_other, addresses)) > len(addresses):
            return None
        warning = "" if is_known else _warning(addresses)
    names = [header]
    layout = Layout(
        images=(ImageColumn(0, Separator.ANY),),
        named_by_file=True,
        because=(header.strip(),) if has_header else (),
    )
    row = first if has_header else 0
    return UrlList(Candidate(row, dialect, names, find_columns(names), None), layout, warning)


def _warning(addresses: list[str]) -> str:
    example = next(each for each in addresses if not _is_picture(each))
    return (
        "The file is read as a list of pictures, but few of its addresses end as those of pictures "
        f'do ("{example.strip()[:100]}"). If they lead to pages, their pictures are not found: put '
        "the addresses of the pictures themselves into the file."
    )


def _is_picture(cell: str) -> bool:
    """Whether a line's first address, or one behind it, ends as a picture."""
    return is_address_of_picture(cell) or any(map(is_address_of_picture, _DELIMITER.split(cell)))


def _is_address(text: str) -> bool:
    """Whether a text is an address, or that of a picture without its host or its scheme."""
    text = text.strip()
    return looks_like_url(text) or (
        is_address_of_picture(text) and (looks_like_path(text) or lacks_scheme(text))
    )


def _are_addresses(cell: str) -> bool:
    """Whether a line has nothing but addresses: what is behind a picture is another address."""
    parts = [part.strip() for part in _DELIMITER.split(cell.strip(SEPARATORS))]
    may_be_whole = looks_like_url(parts[0]) and ends_as_picture(parts[-1])
    return _is_address(parts[0]) and all(
        _is_address(part) or (may_be_whole and not is_address_of_picture(before))
        for before, part in pairwise(parts)
    )
