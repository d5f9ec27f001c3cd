"""XLSX workbooks: one of their sheets becomes a CSV that says the same."""

import io
import struct
from collections.abc import Callable
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.header.sheet import Sheet
from app.catalog.out.writer import write_output
from app.catalog.reader import Detected, InputRow, detect, read_rows, validate
from app.catalog.workbook.archive import ArchiveLimits
from app.catalog.workbook.sheet_csv import write_sheet
from app.domain.errors import CsvInvalid, NotACsv, RequestError, UploadTooLarge
from tests.unit.catalog.workbooks import (
    DATE,
    DATE_TIME,
    HEADER,
    make_sheet,
    make_workbook,
    sheet_xml,
)

ONE, TWO = "https://a.example/1.jpg", "https://a.example/2.jpg"


def converted(workbook: bytes, limits: ArchiveLimits | None = None) -> tuple[io.BytesIO, Sheet]:
    target = io.BytesIO()
    return target, write_sheet(io.BytesIO(workbook), target, limits=limits)


def read(workbook: bytes) -> tuple[Detected, list[InputRow]]:
    stream, sheet = converted(workbook)
    detected = detect(stream, sheet=sheet)
    return detected, list(read_rows(stream, detected))


def test_the_first_sheet_is_read_and_the_others_are_named() -> None:
    table = sheet_xml({1: HEADER, 2: [1, "Mug", f"{ONE}, {TWO}"]})
    names = ["Products", *(f"Notes {number}" for number in range(7))]
    detected, rows = read(make_workbook(dict.fromkeys(names, table)))
    assert [(row.serial_number, row.product_name, row.urls) for row in rows] == [
        ("1", "Mug", (ONE, TWO))
    ]
    (warning,) = detected.warnings
    assert '"Products" is read' in warning
    assert '"Notes 4" and 2 more' in warning
    assert detected.public()["encoding"] == "xlsx"
    assert detected.public()["delimiter"] == ","


def test_a_hidden_sheet_is_not_the_first_one() -> None:
    table = sheet_xml({1: HEADER, 2: [1, "Mug", ONE]})
    workbook = make_workbook({"Lists": sheet_xml({1: ["x"]}), "Shop": table}, hidden=["Lists"])
    _, sheet = converted(workbook)
    assert sheet == Sheet("Shop", ("Lists",), 1, ("Lists", "Shop"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1, "1"),
        (-3, "-3"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (4006381333931, "4006381333931"),
        (1e22, "10000000000000000000000"),
        (1e-7, "0.0000001"),
        (True, "TRUE"),
        ((46143, DATE), "2026-05-01"),
        ((46143.5625, DATE_TIME), "2026-05-01 13:30:00"),
        ("007", "007"),
        ("=1+1", "=1+1"),
        (" two\nlines ", " two\nlines "),
        ('a, "b"', 'a, "b"'),
        ("sep=;", "sep=;"),
    ],
)
def test_a_value_reads_as_the_sheet_shows_it(value: float | str, text: str) -> None:
    workbook = make_sheet([1, "Mug", ONE, value], header=[*HEADER, "Value"])
    _, (row,) = read(workbook)
    assert row.cells[3] == text
    assert row.errors == ()


def test_errors_are_named_by_the_row_of_the_sheet() -> None:
    rows = {
        2: ["Export\nof May"],
        4: ["S. No.", "Product\nName", "Input Image Urls"],
        5: [1, "Mug\nblue\nlarge", f"{ONE}\n{TWO}"],
        8: [2, "", ONE],
        9: [3, "Cup", "ftp://a.example/1.jpg"],
    }
    stream, sheet = converted(make_workbook({"S": sheet_xml(rows)}))
    with pytest.raises(CsvInvalid) as caught:
        validate(stream, max_rows=10, sheet=sheet)
    assert [(error.row, error.code) for error in caught.value.errors] == [
        (8, "missing_value"),
        (9, "invalid_url"),
    ]
    detected = detect(stream, sheet=sheet)
    assert detected.header_row == 4
    first, *_ = read_rows(stream, detected)
    assert (first.row, first.product_name) == (5, "Mug\nblue\nlarge")
    assert first.urls == (ONE, TWO)


def test_rows_keep_their_numbers_in_a_large_sheet() -> None:
    rows = {1: HEADER}
    rows |= {n: [n, f"Mug {n}\nlarge" if n % 3 else f"Mug {n}", ONE] for n in range(2, 9_000)}
    _, read_back = read(make_workbook({"S": sheet_xml(rows)}))
    assert [row.row for row in read_back] == [int(row.serial_number) for row in read_back]
    assert len(read_back) == 8_998


def test_empty_rows_and_columns_at_the_end_are_dropped() -> None:
    rows = {1: [*HEADER, " "], 2: [1, "Mug", ONE, None, " "], 3: [" ", None, ""], 9: ["", " "]}
    stream, sheet = converted(make_workbook({"S": sheet_xml(rows)}))
    assert stream.getvalue().decode("utf-8-sig").splitlines() == [
        "S. No.,Product Name,Input Image Urls",
        f"1,Mug,{ONE}",
    ]
    assert validate(stream, max_rows=1, sheet=sheet).products == 1


def test_addresses_spread_over_cells_without_a_column_name_are_all_found() -> None:
    _, (first, second) = read(make_sheet([1, "Mug", ONE, TWO], [2, "Cup", ONE]))
    assert (first.urls, second.urls) == ((ONE, TWO), (ONE,))


def test_a_remark_behind_the_addresses_is_refused_with_what_to_do_in_a_sheet() -> None:
    _, (row,) = read(make_sheet([1, "Mug", "https://a.example/shown", "nice"]))
    assert [error.code for error in row.errors] == ["unclear_columns"]
    assert "Give their columns names" in row.errors[0].message


def test_an_address_in_the_second_line_of_a_name_is_no_open_quote() -> None:
    _, (row,) = read(make_sheet([1, f"Mug\n{TWO}", ONE]))
    assert (row.errors, row.urls) == ((), (ONE,))


def test_the_output_is_a_csv_that_excel_opens() -> None:
    detected, rows = read(make_sheet([1, "Größe", ONE]))
    output = b"".join(write_output(((row.cells, ["https://c/1.jpg"]) for row in rows), detected))
    assert output.decode("utf-8") == (
        "\ufeffS. No.,Product Name,Input Image Urls,Output Image Urls\r\n"
        f"1,Größe,{ONE},https://c/1.jpg\r\n"
    )


def test_a_chosen_encoding_is_said_to_be_of_no_use() -> None:
    stream, sheet = converted(make_sheet([1, "Mug", ONE]))
    warnings = validate(stream, max_rows=9, encoding="cp1252", sheet=sheet).warnings
    assert any("encoding" in warning for warning in warnings)


def changed(workbook: bytes, name: str, data: bytes) -> bytes:
    source, target = ZipFile(io.BytesIO(workbook)), io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            archive.writestr(entry.filename, data if entry.filename == name else source.read(entry))
    return target.getvalue()


def zipped(**files: bytes) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return file.getvalue()


def lzma_packed() -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>" * 50)
    return file.getvalue()


def with_password(workbook: bytes) -> bytes:
    # Bit 0 of the flags, in the directory's entries.
    parts = workbook.split(b"PK\x01\x02")
    return b"PK\x01\x02".join([parts[0], *(p[:4] + b"\x01" + p[5:] for p in parts[1:])])


def lying_about_size(workbook: bytes) -> bytes:
    # A sheet of 10 MB that says it has 1,000 bytes, with the checksum of those.
    big = changed(workbook, "xl/worksheets/sheet1.xml", b" " * 10_000_000)
    at = big.rindex(b"xl/worksheets/sheet1.xml") - 46
    return big[: at + 24] + struct.pack("<L", 1_000) + big[at + 28 :]


SHEET = make_sheet([1, "Mug", ONE])
REFUSED: list[tuple[str, bytes, str]] = [
    ("cut off", SHEET[:-300], "damaged"),
    ("half", SHEET[: len(SHEET) // 2], "damaged"),
    ("a broken sheet", changed(SHEET, "xl/worksheets/sheet1.xml", b"<worksheet><shee"), "damaged"),
    ("no relations", changed(SHEET, "xl/_rels/workbook.xml.rels", b"<R/>"), "workbook"),
    ("no sheets", make_workbook({}), "no sheet"),
    ("a password", with_password(SHEET), "password"),
    ("lies", lying_about_size(SHEET), "damaged"),
    ("another packing", lzma_packed(), "damaged"),
    ("a zip", zipped(products_dot_csv=b"S. No."), "ZIP archive"),
    ("an empty zip", zipped(), "ZIP archive"),
    ("a document", zipped(word__document_dot_xml=b"<w/>"), "Word"),
    ("a binary workbook", zipped(xl__workbook_dot_bin=b"\0"), "XLSB"),
    ("numbers", zipped(Index__Document_dot_iwa=b"\0"), "Numbers"),
    (
        "ods",
        zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content_dot_xml=b"<o/>"),
        "ODS",
    ),
]


@pytest.mark.parametrize(
    ("data", "word"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_no_readable_workbook_is_named_with_what_to_do(data: bytes, word: str) -> None:
    with pytest.raises(NotACsv) as caught:
        converted(data)
    assert word in caught.value.detail
    assert "CSV" in caught.value.detail


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (SHEET, ArchiveLimits(max_bytes=1_000)),
        (SHEET, ArchiveLimits(max_entries=3)),
        (
            make_workbook({"S": sheet_xml({1: HEADER})}, more={"xl/media/1.bin": bytes(2_000_000)}),
            ArchiveLimits(ratio_from_bytes=1_000_000),
        ),
    ],
    ids=["unpacked", "entries", "ratio"],
)
def test_an_archive_that_unpacks_to_too_much_is_refused(data: bytes, limits: ArchiveLimits) -> None:
    with pytest.raises(UploadTooLarge) as caught:
        converted(data, limits)
    assert "CSV" in caught.value.detail


@pytest.mark.parametrize(
    "damage", [lambda d, at: d[:at] + b"\xff" + d[at + 1 :], lambda d, at: d[:at]]
)
def test_a_workbook_damaged_anywhere_ends_in_rows_or_a_named_error(
    damage: Callable[[bytes, int], bytes],
) -> None:
    for at in range(4, len(SHEET), 7):
        try:
            stream, sheet = converted(damage(SHEET, at))
            validate(stream, max_rows=10, sheet=sheet)
        except RequestError:
            continue


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]) | st.sampled_from('\n,;"'))
URLS = st.builds(
    "https://{}/{}.jpg".format, st.sampled_from(["a.example", "b.example:81"]), st.integers(0)
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(TEXTS, st.lists(URLS, min_size=1, max_size=4), TEXTS, st.integers(1, 3)),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([",", ", ", "\n", "; ", " "]),
    st.integers(1, 20),
)
def test_any_table_reads_the_same_from_a_sheet_and_from_its_output(
    table: list[tuple[str, list[str], str, int]], separator: str, first_row: int
) -> None:
    rows: dict[int, list[str | float | bool | tuple[float, int] | None]] = {}
    rows[first_row] = [*HEADER, "Text"]
    number = first_row
    for name, urls, text, step in table:
        number += step
        rows[number] = [float(number), f"P{name}", separator.join(urls), text]
    detected, read_back = read(make_workbook({"S": sheet_xml(rows)}))
    expected = [
        (row, tuple(urls)) for row, (_, urls, _, _) in zip(list(rows)[1:], table, strict=True)
    ]
    assert [(row.row, row.urls) for row in read_back] == expected
    assert [row.product_name for row in read_back] == [f"P{name}".strip() for name, *_ in table]
    assert [row.cells[0] for row in read_back] == [str(row) for row in list(rows)[1:]]
    output = io.BytesIO(
        b"".join(write_output(((row.cells, row.urls) for row in read_back), detected, raw=True))
    )
    again = list(read_rows(output, detect(output)))
    assert [row.cells[:4] for row in again] == [row.cells for row in read_back]
    assert [row.urls for row in again] == [row.urls for row in read_back]
