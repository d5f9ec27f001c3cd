"""Which line is the header, by which delimiter, and what its columns mean."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.catalog.cells.separator import Separator
from app.catalog.header.lines import Candidate, Head, candidates_of, rows_below, widest
from app.catalog.header.obvious import obvious_layout, obvious_warning
from app.catalog.header.refusals import (
    absent_columns,
    ambiguous,
    no_header,
    refuse_broken,
    refuse_doubles,
    why_no_header,
)
from app.catalog.header.siblings import find_siblings, is_named_as_main
from app.catalog.header.url_list import find_url_list
from app.catalog.layouts.columns import IMAGES, OUTPUT_COLUMN, find_column, find_columns
from app.catalog.layouts.layout import ImageColumn, Layout
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.layouts.platforms import image_columns, likeliest, matches


@dataclass(frozen=True, slots=True)
class Header:
    """The header: its line, and what its columns mean; `platform` None: no platform's export.

    `is_assumed`: nothing but the usual names of its columns tells what they mean. `warnings` are
    sentences for the owner about what had to be assumed.
    """

    line: Candidate
    layout: Layout
    platform: str | None = None
    is_assumed: bool = False
    warnings: tuple[str, ...] = ()


def find_header(head: Head, mapping: ColumnMapping | None, *, has_base_url: bool) -> Header:
    """Find the header of a file, and the further columns of images beside those it names.

    Args:
        mapping: the columns that the caller has named; they are looked for and nothing else.
        has_base_url: paths count as addresses.
    Raises:
        CsvInvalid: there is none, a column is missing or occurs twice, or it may be a header of two
            kinds of files.
        NotACsv: there is none, because the file is no text.
    """
    header = _find_mapped(head, mapping) if mapping else _find_known(head, has_base_url)
    refuse_broken(head, header.line)
    if header.layout.is_list:
        refuse_doubles(header.line)
    if mapping is not None:
        return header
    header = _with_siblings(head, header, has_base_url)
    if not header.is_assumed:
        return header
    return replace(header, warnings=(obvious_warning(header.line, header.layout),))


def is_header(cells: Sequence[str], mapping: ColumnMapping | None = None) -> bool:
    """Whether a line is the header of a known kind of file, or has the columns that were named."""
    if mapping is not None:
        return not mapping.missing(cells)
    return not find_columns(cells).missing or bool(matches(cells))


def _find_known(head: Head, has_base_url: bool) -> Header:
    """The first line that is a plain list's or a platform's header by any of the delimiters."""
    best: Candidate | None = None
    for candidates in candidates_of(head):
        listed = max(candidates, key=lambda each: (len(each.found.places), len(each.cells)))
        is_list = not listed.found.missing
        if is_list and listed.found.is_clear:
            return Header(listed, listed.found.layout())
        export = _find_export(head, candidates)
        if export is not None:
            return export
        if is_list:
            return Header(listed, listed.found.layout())
        if best is None or len(listed.found.places) > len(best.found.places):
            best = listed
    if best is None:
        raise no_header()
    found = _find_obvious(head, best, has_base_url)
    if found is None:
        raise why_no_header(head, best)
    return found


def _find_obvious(head: Head, best: Candidate, has_base_url: bool) -> Header | None:
    urls = find_url_list(head)
    if urls is not None:
        return Header(urls.line, urls.layout, warnings=(urls.warning,) if urls.warning else ())
    line = widest(head, best)
    layout = obvious_layout(line, rows_below(head, line), has_base_url=has_base_url)
    return None if layout is None else Header(line, layout, is_assumed=True)


def _find_export(head: Head, candidates: Sequence[Candidate]) -> Header | None:
    found = [(line, each) for line in candidates if (each := matches(line.cells))]
    if not found:
        return None
    line, fitting = max(found, key=lambda each: (each[1][0].score, len(each[0].cells)))
    likely = likeliest(fitting)
    if len({each.platform.id for each in likely}) > 1:
        raise ambiguous(head, line, likely)
    return Header(line, likely[0].layout, likely[0].platform.id)


def _with_siblings(head: Head, header: Header, has_base_url: bool) -> Header:
    names, layout = header.line.cells, header.layout
    if layout.named_by_file:
        return header
    taken = {
        layout.serial_number,
        layout.product_name,
        find_column(names, OUTPUT_COLUMN),
        *layout.image_columns,
    }
    if layout.is_list:
        taken |= {layout.runs_over, *header.line.found.ignored.get(IMAGES, ())}
    else:
        taken |= {
            *layout.keys,
            *image_columns(header.platform, names),
        }
    rows = rows_below(head, header.line)
    siblings = find_siblings(names, rows, taken, has_base_url=has_base_url)
    if not siblings:
        return header
    if not layout.is_list:
        further = (ImageColumn(index, Separator.ANY, is_sibling=True) for index in siblings)
        return replace(header, layout=replace(layout, images=(*layout.images, *further)))
    gallery = sorted(
        (*layout.image_columns, *siblings),
        key=lambda index: (
            not is_named_as_main(names[index]),
            index != layout.runs_over,
            index,
        ),
    )
    return replace(header, layout=header.line.found.layout(gallery))


def _find_mapped(head: Head, mapping: ColumnMapping) -> Header:
    best: Candidate | None = None
    for candidates in candidates_of(head):
        line = min(
            candidates, key=lambda each: (len(mapping.missing(each.cells)), -len(each.cells))
        )
        if not mapping.missing(line.cells):
            return Header(line, _as_written(mapping.layout(line.cells), line.cells))
        if best is None or len(mapping.missing(line.cells)) < len(mapping.missing(best.cells)):
            best = line
    if best is None:
        raise no_header()
    raise absent_columns(head, best, mapping)


def _as_written(mapped: Layout, cells: Sequence[str]) -> Layout:
    """Named columns with their platform's separators.

    Cells of WooCommerce say the same, whether their columns were named or recognised.
    """
    likely = likeliest(matches(cells))
    if len({each.platform.id for each in likely}) != 1:
        return mapped
    known = likely[0].layout
    separators = {each.index: each.separator for each in known.images}
    images = tuple(
        replace(each, separator=separators.get(each.index, each.separator))
        for each in mapped.images
    )
    return replace(mapped, images=images, base_url_hint=known.base_url_hint)
