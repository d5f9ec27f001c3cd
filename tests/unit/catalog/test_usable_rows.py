"""The rows in columns are those that come one by one, without the bad ones."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.header.detect import detect
from app.catalog.reader import UsableRows, read_rows, read_usable_rows
from app.catalog.rows.input_rows import InputRow
from app.catalog.rows.reader import RowReader
from app.catalog.text.grid import GridReader
from app.catalog.text.records import Block
from tests.unit.catalog.csv_files import ONE, TWO, make_lines
from tests.unit.catalog.test_properties import DAMAGE, SEED, Table, damaged, tables

CELLS = st.text(st.sampled_from('ab,;"\n\r\té '), max_size=5)
URLS = st.lists(
    st.sampled_from([ONE, TWO, "http://b.example.com:80/w_1,h_2/x.png", "https://c.example/a;b"]),
    min_size=1,
    max_size=4,
)


def in_columns(rows: Iterable[InputRow]) -> UsableRows:
    """What stands in columns, said once more in the plainest way."""
    expected = UsableRows([], [], [], [], [])
    for row in rows:
        if row.errors or not row.urls:
            continue
        expected = UsableRows(
            [*expected.rows, row.row],
            [*expected.serial_numbers, row.serial_number],
            [*expected.names, row.product_name],
            [*expected.url_counts, len(row.urls)],
            [*expected.urls, *row.urls],
        )
    return expected


def together(blocks: Iterator[UsableRows]) -> UsableRows:
    whole = UsableRows([], [], [], [], [])
    for block in blocks:
        whole = whole.joined(block)
    return whole


def assert_same(data: bytes, **how: str) -> UsableRows:
    stream = io.BytesIO(data)
    detected = detect(stream, **how)
    found = together(read_usable_rows(stream, detected))
    assert found == in_columns(read_rows(stream, detected))
    return found


@settings(max_examples=200, deadline=None)
@given(tables())
def test_any_table_has_the_same_rows(table: Table) -> None:
    assert len(assert_same(table.data).rows) == len(table.rows)


@settings(max_examples=300, deadline=None)
@given(st.lists(DAMAGE, max_size=4))
def test_a_damaged_file_has_the_same_rows(damage: list[tuple[int, int, bytes]]) -> None:
    # Its header stays whole, so that the damage is in the rows.
    head, _, data = SEED.partition(b"\r\n")
    assert_same(head + b"\r\n" + damaged(data, damage))


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS, URLS), min_size=1, max_size=5),
    st.sampled_from([",", ", ", ";", "|", "\n", " "]),
    st.sampled_from([",", ";", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations(["Serial Number", "Product Name", "Input Image Urls", "Colour"]),
    st.booleans(),
)
def test_a_block_that_was_cut_into_columns_has_the_same_rows(
    products: list[tuple[str, str, list[str]]],
    separator: str,
    delimiter: str,
    line_end: str,
    header: list[str],
    has_serial_number: bool,
) -> None:
    cells = [
        {
            "Serial Number": serial,
            "Product Name": f"P{name}",
            "Input Image Urls": separator.join(urls),
        }
        for serial, name, urls in products
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *([row.get(name, 'a "b"\r\nc') for name in header] for row in cells)])
    rest = text.getvalue().partition(line_end)[2]
    detected = detect(io.BytesIO(text.getvalue().encode()))
    if not has_serial_number:
        detected = replace(detected, layout=replace(detected.layout, serial_number=None))
    grid = GridReader(detected.delimiter, len(detected.header)).read(rest)
    assert grid is not None
    usable = RowReader(detected).usable_rows(Block(grid, first_line=2))
    assert usable == in_columns(RowReader(detected).rows_one_by_one(Block(grid, first_line=2)))
    assert len(usable.rows) == len(products)


@pytest.mark.parametrize("ending", ["{}", "{}x"], ids=["plain", "with bad rows"])
@pytest.mark.parametrize(
    "line",
    [
        '{n},"Mug ""{n}"", blue","https://a.example/{n}-1.jpg, https://a.example/{n}-2.jpg"',
        "{n},Mug,https://a.example/{n}-1.jpg,https://b.example/{n}-2.jpg",
        '"{n}\n-","Mug, blue",https://a.example/{n}-1.jpg',
        "{n},Mug\t|,https://a.example/{n},1.jpg",
    ],
    ids=["quoted", "running over", "a serial number of two lines", "a comma inside"],
)
def test_a_file_of_several_blocks_has_the_same_rows(line: str, ending: str) -> None:
    bad = 0 if ending == "{}" else 997
    lines = [
        "1,,https://a.example/x.jpg" if bad and n % bad == 0 else line.format(n=n)
        for n in range(1, 8_001)
    ]
    found = assert_same(make_lines(*lines))
    assert len(found.rows) == 8_000 - (8_000 // bad if bad else 0)


def test_rows_of_an_export_without_an_image_are_left_out() -> None:
    header = "Handle,Title,Body (HTML),Vendor,Image Src,Image Position"
    lines = ["mug,Mug,,V,https://a.example/1.jpg,1", "mug,,,,,", "mug,,,,https://a.example/2.jpg,2"]
    found = assert_same(make_lines(*lines, header=header))
    assert (found.rows, found.names) == ([2, 4], ["Mug", "Mug"])
    assert found.urls == ["https://a.example/1.jpg", "https://a.example/2.jpg"]


def test_paths_get_their_beginning() -> None:
    data = make_lines("1,Mug,/a.jpg", f"2,Cup,{ONE}")
    found = assert_same(data, base_url="https://shop.example/media")
    assert found.urls == ["https://shop.example/media/a.jpg", ONE]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 4), max_size=12), st.integers(1, 50))
def test_a_cut_takes_whole_rows_until_there_are_enough_urls(counts: list[int], places: int) -> None:
    urls = [str(number) for number in range(sum(counts))]
    numbers = range(2, 2 + len(counts))
    rows = UsableRows(numbers, ["s"] * len(counts), ["n"] * len(counts), counts, urls)
    first, others = rows.cut(places)
    assert first.joined(others) == rows.joined(UsableRows())
    assert len(first.urls) == sum(first.url_counts)
    if others.rows:
        assert len(first.urls) >= places
    if first.rows:
        assert len(first.urls) - first.url_counts[-1] < places


def test_rows_behind_a_number_are_those_below_it_in_the_file() -> None:
    rows = UsableRows([2, 5, 9], ["1", "2", "3"], ["a", "b", "c"], [1, 2, 1], ["u", "v", "w", "x"])
    assert rows.behind(1) == rows.behind(0) == rows
    assert (
        rows.behind(2)
        == rows.behind(4)
        == UsableRows([5, 9], ["2", "3"], ["b", "c"], [2, 1], ["v", "w", "x"])
    )
    assert rows.behind(9) == rows.behind(10) == UsableRows()
