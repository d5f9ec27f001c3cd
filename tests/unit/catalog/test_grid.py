"""The fast way to cells says what `csv.reader` says, or nothing."""

import csv
import io
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.header.detect import detect
from app.catalog.reader import read_rows, validate
from app.catalog.text.encodings import CONTROL
from app.catalog.text.grid import GridReader
from app.catalog.text.lines import split_lines
from tests.unit.catalog.csv_files import ONE, TWO, make_lines

PIECES = [
    '"',
    '""',
    ",",
    "\n",
    "\r\n",
    "\r",
    "a",
    " ",
    "é",
    "\u2028",
    "\x85",
    ";",
    "1,b,c\n",
    '"x"',
]
CELLS = st.text(st.sampled_from('ab,"\n\r é\u2028;'), max_size=6)


def reader(width: int = 3, delimiter: str = ",") -> GridReader:
    return GridReader(delimiter, width)


def by_csv(text: str, delimiter: str) -> list[list[str]] | None:
    try:
        lines = split_lines(text, clean=True)
        return list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def assert_agrees(text: str, width: int, delimiter: str = ",") -> bool:
    grid = reader(width, delimiter).read(text)
    if grid is None:
        return False
    rows = by_csv(text[: grid.size], delimiter)
    assert rows is not None
    assert grid.rows() == rows
    assert grid.count == len(rows)
    sizes = [1 + sum(c.count("\n") + c.count("\r") - c.count("\r\n") for c in row) for row in rows]
    assert list(grid.starts(5)) == list(accumulate(sizes[:-1], initial=5))
    assert grid.lines == sum(sizes)
    return True


@settings(max_examples=1_500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(",;|"))
def test_any_text_is_cut_as_csv_cuts_it(pieces: list[str], delimiter: str) -> None:
    text = "".join(pieces).replace(",", delimiter)
    assert not CONTROL.search(text)
    assert_agrees(text, 3, delimiter)


@settings(max_examples=500, deadline=None)
@given(
    st.integers(3, 5).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.text(st.sampled_from('a,"\n'), max_size=8),
)
def test_every_well_written_table_is_cut(
    rows: list[list[str]], line_end: str, quoting: int, rest: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    written = text.getvalue()
    if by_csv(written, ",") != rows:
        return  # Python's writer leaves a lone CR or LF bare in some dialects.
    grid = reader(len(rows[0])).read(written)
    if "\r" in written.replace(line_end, ""):
        # Line ends of several kinds in one text may be left to csv.reader.
        assert grid is None or grid.rows() == rows
    else:
        assert grid is not None
        assert grid.rows() == rows
    assert_agrees(written + rest, len(rows[0]))


@pytest.mark.parametrize(
    "text",
    [
        'a,b"c,d\n',
        'a,"b"c,d\n',
        'a, "b",c\n',
        'a,"b" ,c\n',
        "a,b\n",
        "a,b,c,d\n",
        "a,b\na,b,c,d\n",
        "\na,b,c\n",
        "a,b,c",
        'a,"b,c\nd,e,f\n',
        "a,b,c\rd,e,f\r",
        "a\rb,c,d\n\r",
        '"a""b,c,d\n',
        'a,"""b",c"\n',
    ],
)
def test_what_is_not_of_the_shape_is_left_to_csv(text: str) -> None:
    assert reader().read(text) is None


def test_the_records_at_the_start_are_taken_and_the_last_one_waits_for_its_end() -> None:
    grid = reader().read('1,a,"x\ny"\r\n2,b,c\r\n3,"d\r\ne')
    assert grid is not None
    assert grid.rows() == [["1", "a", "x\ny"], ["2", "b", "c"]]
    assert (grid.count, grid.lines, grid.size) == (2, 3, 18)
    assert list(grid.starts(10)) == [10, 12]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ", ", "\n", "\r\n", ";", " | ", " "])
@pytest.mark.parametrize("mistake_every", [0, 700])
def test_a_large_file_reads_the_same_by_both_ways(
    line_end: str, separator: str, mistake_every: int
) -> None:
    names = ["Mug", 'Mug "x"', "Café", "Mug,\nblue", "\u2028"]
    lines = ["S. No.,Product Name,Input Image Urls,Text"]
    expected = []
    number_of_lines = 1
    for number in range(1, 6_001):
        name = names[number % len(names) if number % 50 == 0 else 0]
        urls = [f"https://cdn{number % 7}.example.com/{number}/{k},{k}.jpg" for k in range(3)]
        quoted = ['"' + each.replace('"', '""') + '"' for each in (name, separator.join(urls))]
        lines.append(f'{number},{",".join(quoted)},""')
        expected.append((number_of_lines + 1, name.strip(), tuple(urls)))
        inside = f"{name}{separator * 2}"
        number_of_lines += 1 + inside.count("\n") + inside.count("\r") - inside.count("\r\n")
        if mistake_every and number % mistake_every == 0:
            lines.append(f'x,"open,{ONE}')
            number_of_lines += 1
    stream = io.BytesIO(line_end.join([*lines, ""]).encode())
    good = [row for row in read_rows(stream, detect(stream)) if not row.errors]
    assert [(row.row, row.product_name, row.urls) for row in good] == expected
    findings = validate(stream, max_rows=10_000) if not mistake_every else None
    if findings is not None:
        assert (findings.products, findings.places) == (6_000, 18_000)
        assert (findings.images, findings.host_count) == (18_000, 7)


def test_hosts_are_counted_over_both_schemes() -> None:
    data = make_lines(f'1,Mug,"{ONE},{ONE.replace("https", "http")}"', f"2,Cup,{TWO}")
    findings = validate(io.BytesIO(data), max_rows=10)
    assert findings.hosts == [("img.example.com", 3)]
    assert findings.host_count == 1


def test_cells_of_many_urls_are_read_and_one_url_that_is_too_long_is_found() -> None:
    many = ",".join(f"https://a.example.com/{number:04}.jpg" for number in range(400))
    long = f"https://a.example.com/{'x' * 9_000}.jpg"
    rows = [f'{number},Mug,"{many}"' for number in range(50)]
    assert validate(io.BytesIO(make_lines(*rows)), max_rows=99).places == 20_000
    stream = io.BytesIO(make_lines(*rows, f'50,Mug,"{many},{long}"', f"51,Mug,{ONE}"))
    bad = [row.row for row in read_rows(stream, detect(stream)) if row.errors]
    assert bad == [52]
