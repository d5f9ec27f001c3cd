"""A file that is nothing but addresses, one in each line, with a header or without one."""

import re
from itertools import pairwise

from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import ends_as_picture, is_address_of_picture, looks_like_url
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


def find_url_list(head: Head) -> tuple[Candidate, Layout] | None:
    """The header and the layout of a list of addresses; its row is 0 where it has no header.

    A column of pages is none: its header says so, or says something else than that it has
    addresses or images, and none of them ends as a picture does.
    """
    table = single_column(head)
    if table is None:
        return None
    dialect, first, cells = table
    header, addresses = (_HEADER, cells) if looks_like_url(cells[0]) else (cells[0], cells[1:])
    if not addresses or _DELIMITER.search(header) or not all(map(_are_addresses, addresses)):
        return None
    if not any(map(is_address_of_picture, addresses)) and not (
        is_named_as_images(header) or plain_name(header) in _ADDRESS_NAMES
    ):
        return None
    names = [header]
    layout = Layout(
        images=(ImageColumn(0, Separator.ANY),), named_by_file=True, because=(header.strip(),)
    )
    row = 0 if addresses is cells else first
    return Candidate(row, dialect, names, find_columns(names), None), layout


def _are_addresses(cell: str) -> bool:
    """Whether a line has nothing but addresses: what is behind a picture is another address."""
    parts = [part.strip() for part in _DELIMITER.split(cell)]
    may_be_whole = ends_as_picture(parts[-1])
    return looks_like_url(parts[0]) and all(
        looks_like_url(part) or (may_be_whole and not is_address_of_picture(before))
        for before, part in pairwise(parts)
    )
