"""For any table in any dialect that we claim: the same URLs in, the same rows and outputs out."""

import codecs
import csv
import io
import re
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.out.writer import guarded, write_output
from app.catalog.reader import detect, read_rows, validate
from app.domain.errors import RequestError
from tests.unit.catalog.csv_files import ONE, TWO, make_csv, make_lines

NAMES = st.text(
    st.one_of(
        st.sampled_from("\n ,;|\t\"'=+-@aé"), st.characters(codec="utf-8", exclude_categories=["C"])
    ),
    max_size=12,
)
PATH = st.text(st.sampled_from("abZ019-._~:/?#[]@!$&'()*+,;=%|é写"), max_size=20)
SEPARATORS = st.sampled_from([",", ", ", " ,", ";", " | ", "|", " ", "\n", ",\n  "])
# What our own rules take for the end of a URL or for another address is not part of one.
NO_URL = re.compile(r"[,;|]+\Z|[,;|](?://|www\.)|&amp;|[a-z0-9]https?://", re.IGNORECASE)


@st.composite
def image_urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http://", "https://", "HTTPS://"]))
    host = draw(st.sampled_from(["a.example.com", "b.example.com:8080", "127.0.0.1", "ü.example"]))
    path = draw(PATH.filter(lambda text: not NO_URL.search(f"/{text}")))
    return f"{scheme}{host}/{path}"


@dataclass(frozen=True)
class Table:
    """A file and what has to be read from it."""

    data: bytes
    rows: list[tuple[str, str, tuple[str, ...], list[str]]]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = ["S. No.", "Product Name", "Input Image Urls", "Colour", "Price €"]
    header = draw(st.permutations(names[: draw(st.integers(3, 5))]))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    line_end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    encoding, mark = draw(
        st.sampled_from(
            [
                ("utf-8", b""),
                ("utf-8", codecs.BOM_UTF8),
                ("utf-16-le", codecs.BOM_UTF16_LE),
                ("utf-16-be", codecs.BOM_UTF16_BE),
                ("cp1252", b""),
            ]
        )
    )
    if encoding == "cp1252":
        # Without the euro sign, a file of ASCII would rightly be called UTF-8.
        header = [*header, "Größe €"]
    # Python's writer leaves a cell with LF unquoted in a file whose lines end with CR.
    quotings = [csv.QUOTE_ALL] if line_end == "\r" else [csv.QUOTE_MINIMAL, csv.QUOTE_ALL]
    quoting = draw(st.sampled_from(quotings))
    text = io.StringIO(newline="")
    if draw(st.booleans()):
        text.write(f"sep={delimiter}{line_end}")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(header)
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        cells = {name: draw(NAMES) for name in header}
        cells["Product Name"] = "P" + cells["Product Name"]
        urls = draw(st.lists(image_urls(), min_size=1, max_size=4))
        cells["Input Image Urls"] = draw(SEPARATORS).join(urls)
        if encoding == "cp1252":
            cells = {k: v.encode(encoding, "replace").decode(encoding) for k, v in cells.items()}
            urls = [url.encode(encoding, "replace").decode(encoding) for url in urls]
        for _ in range(draw(st.integers(0, 1))):
            text.write(line_end)
        line = [cells[name] for name in header]
        writer.writerow(line)
        rows.append((cells["S. No."].strip(), cells["Product Name"].strip(), tuple(urls), line))
    return Table(mark + text.getvalue().encode(encoding), rows)


@settings(max_examples=300, deadline=None)
@given(tables())
def test_any_table_reads_back_the_same(table: Table) -> None:
    stream = io.BytesIO(table.data)
    rows = list(read_rows(stream, detect(stream)))
    assert [row.errors for row in rows if row.errors] == []
    assert [(r.serial_number, r.product_name, r.urls, r.cells) for r in rows] == table.rows
    findings = validate(stream, max_rows=100)
    assert findings.places == sum(len(urls) for *_, urls, _ in table.rows)
    assert findings.images == len({url for *_, urls, _ in table.rows for url in urls})


@settings(max_examples=150, deadline=None)
@given(tables(), st.booleans(), st.data())
def test_any_output_reads_back_as_the_rows_and_their_outputs(
    table: Table, raw: bool, data: st.DataObject
) -> None:
    stream = io.BytesIO(table.data)
    detected = detect(stream)
    outputs = [
        [
            data.draw(st.sampled_from([None, f"https://cdn.example.com/{at}.jpg"]))
            for at in range(len(urls))
        ]
        for *_, urls, _ in table.rows
    ]
    rows = (
        (row.cells, outs) for row, outs in zip(read_rows(stream, detected), outputs, strict=True)
    )
    written = io.BytesIO(b"".join(write_output(rows, detected, raw=raw)))
    again = detect(written)
    read = list(read_rows(written, again))
    kept = [cells if raw else [guarded(cell) for cell in cells] for *_, cells in table.rows]
    joined = [",".join(url or "" for url in outs) for outs in outputs]
    assert [row.cells for row in read] == [[*c, j] for c, j in zip(kept, joined, strict=True)]
    assert [row.urls for row in read] == [urls for *_, urls, _ in table.rows]
    assert again.header == (*detected.header, "Output Image Urls")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([ONE, TWO, "http://b.example.com/w_1,h_2/x.png"]), min_size=1),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_unquoted_urls_are_found_wherever_they_run_to(cells: list[list[str]], last: bool) -> None:
    behind, header = ("", "") if last else (",9.99,red", ",Price,Colour")
    lines = [f"{n},Mug,{','.join(urls)}{behind}" for n, urls in enumerate(cells)]
    stream = io.BytesIO(make_lines(*lines, header=f"S. No.,Product Name,Image URLs{header}"))
    rows = list(read_rows(stream, detect(stream)))
    assert [list(row.urls) for row in rows] == cells
    assert all(row.cells[3:] == ([] if last else ["9.99", "red"]) for row in rows)


def end_of(data: bytes, encoding: str | None = None) -> None:
    """Read a file in every way; nothing but rows and named errors may come of it."""
    stream = io.BytesIO(data)
    try:
        findings = validate(stream, max_rows=1_000, encoding=encoding, accept_valid_rows=True)
    except RequestError:
        return
    rows = list(read_rows(stream, findings.detected))
    good = [row for row in rows if not row.errors]
    assert len(good) == findings.products
    assert len(rows) - len(good) == findings.bad_rows
    assert sum(len(row.urls) for row in good) == findings.places
    assert all(row.product_name and row.urls for row in good)
    assert all(len(row.cells) == len(findings.detected.header) for row in good)
    output = b"".join(write_output(((row.cells, None) for row in rows), findings.detected))
    output.decode()


SEED = make_csv(
    [["1", 'Mug "x"', f"{ONE},{TWO}"], ["2", "Cup\nblue", ONE], ["3", "Café", f"{TWO}; {ONE}"]]
)
NASTY = [
    b'"',
    b'""',
    b",",
    b";",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xe9",
    b"http://",
    b" ",
    b"\t",
    b"|",
]
# Where, how many bytes go there, and what comes in their place.
DAMAGE = st.tuples(
    st.integers(0, len(SEED)),
    st.integers(0, 3),
    st.lists(st.sampled_from(NASTY), max_size=3).map(b"".join),
)


def damaged(data: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    """The data with each of these changes, one after the other."""
    for at, cut, put in damage:
        data = data[:at] + put + data[at + cut :]
    return data


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, "utf-16", "gb18030", "shift_jis", "utf-8"]))
def test_any_bytes_end_in_rows_or_a_named_error(data: bytes, encoding: str | None) -> None:
    end_of(data, encoding)
    end_of(SEED + data, encoding)


@settings(max_examples=500, deadline=None)
@given(st.lists(DAMAGE, min_size=1, max_size=6))
def test_a_damaged_file_ends_in_rows_or_a_named_error(damage: list[tuple[int, int, bytes]]) -> None:
    end_of(damaged(SEED, damage))
