"""Encodings, delimiters, line ends and quotes."""

import codecs
import io
import json

import pytest

from app.catalog.reader import Detected, detect, validate
from app.domain.errors import CsvInvalid, OptionInvalid
from tests.unit.catalog.csv_files import (
    ONE,
    THREE,
    TWO,
    findings_of,
    make_csv,
    make_lines,
    only_error_of,
    rows_of,
    urls_of,
)

ROWS = [["1", "Tasse für Café", f"{ONE},{TWO}"], ["2", "Mug", THREE]]
EXPECTED = [(ONE, TWO), (THREE,)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("cp1252", b""),
    ],
)
def test_every_dialect_reads_the_same(
    delimiter: str, line_end: str, encoding: str, mark: bytes
) -> None:
    data = make_csv(ROWS, delimiter=delimiter, line_end=line_end, encoding=encoding, mark=mark)
    detected = findings_of(data).detected
    assert (detected.delimiter, detected.encoding) == (delimiter, encoding)
    assert detected.bom is bool(mark)
    assert urls_of(data) == EXPECTED
    assert [row.product_name for row in rows_of(data)] == ["Tasse für Café", "Mug"]
    assert [row.row for row in rows_of(data)] == [2, 3]


def test_windows_1252_is_a_guess_that_is_said() -> None:
    findings = findings_of(make_csv(ROWS, encoding="cp1252"))
    assert findings.detected.encoding_guessed
    assert any("cp1252" in warning for warning in findings.warnings)


def test_one_wrong_byte_behind_megabytes_of_ascii_is_found_before_a_row_is_given() -> None:
    rows = [[str(n), f"Mug {n}", ONE] for n in range(30_000)]
    data = make_csv([*rows, ["x", "Café", TWO]], encoding="cp1252")
    assert len(data) > 1_000_000
    read = rows_of(data)
    assert len(read) == 30_001
    assert read[-1].product_name == "Café"


def test_a_chosen_encoding_is_used() -> None:
    data = make_csv([["1", "Чашка", ONE]], encoding="cp1251")
    assert rows_of(data, encoding="windows-1251")[0].product_name == "Чашка"
    assert not detect(io.BytesIO(data), encoding="cp1251").encoding_guessed


@pytest.mark.parametrize("name", ["zip", "rot13", "idna", "punycode", "klingon", "\0", "x" * 500])
def test_an_encoding_that_is_none_is_an_option_error(name: str) -> None:
    with pytest.raises(OptionInvalid) as caught:
        detect(io.BytesIO(make_csv(ROWS)), encoding=name)
    assert caught.value.option == "encoding"


def test_bytes_that_are_not_in_the_chosen_encoding_are_named_by_line() -> None:
    data = make_csv([["1", "Mug", ONE], ["2", "Café", ONE]], encoding="cp1252")
    with pytest.raises(CsvInvalid) as caught:
        validate(io.BytesIO(data), max_rows=10, encoding="utf-8")
    assert [(each.row, each.code) for each in caught.value.errors] == [(3, "wrong_encoding")]


def test_a_byte_order_mark_is_stronger_than_the_chosen_encoding() -> None:
    data = make_csv(ROWS, mark=codecs.BOM_UTF8)
    assert rows_of(data, encoding="cp1252")[0].product_name == "Tasse für Café"


def test_the_sep_line_of_excel_sets_the_delimiter_and_is_no_row() -> None:
    for delimiter in ",;\t|":
        data = f"sep={delimiter}\r\n".encode() + make_csv(ROWS, delimiter=delimiter)
        findings = findings_of(data)
        assert (findings.detected.delimiter, findings.detected.header_row) == (delimiter, 2)
        assert findings.warnings == []
        assert [row.row for row in rows_of(data)] == [3, 4]


def test_a_sep_line_with_another_delimiter_is_refused() -> None:
    error = only_error_of(b"sep=^\r\n" + make_csv(ROWS))
    assert (error.row, error.code) == (1, "unknown_delimiter")


def test_blank_lines_and_rows_of_empty_cells_are_skipped_and_counted_as_lines() -> None:
    data = make_lines(f"1,Mug,{ONE}", "", ",,", f'2,Cup,"{TWO},{THREE}"', "  ", "")
    assert [(row.row, row.urls) for row in rows_of(data)] == [(2, (ONE,)), (5, (TWO, THREE))]


def test_a_cell_of_several_lines_counts_its_lines() -> None:
    data = make_csv(
        [
            ["1", "Mug", f"{ONE}\n{TWO}", "first\r\nsecond\rthird"],
            ["2", "Cup\nblue", THREE, ""],
            ["3", "Jug", ONE, "x"],
        ],
        header=["S. No.", "Product Name", "Input Image Urls", "Text"],
    )
    rows = rows_of(data)
    assert [row.row for row in rows] == [2, 6, 8]
    assert rows[0].urls == (ONE, TWO)
    assert rows[0].cells[3] == "first\r\nsecond\rthird"
    assert rows[1].product_name == "Cup\nblue"


def test_blanks_before_quotes_belong_to_no_cell() -> None:
    data = make_lines(f'1, "Mug, blue", "{ONE}, {TWO}"', f'2, "Cup", "{THREE}"')
    assert findings_of(data).detected.blanks_before_quotes
    rows = rows_of(data)
    assert [row.product_name for row in rows] == ["Mug, blue", "Cup"]
    assert [row.urls for row in rows] == EXPECTED


def test_quotes_inside_a_quoted_cell_that_are_not_doubled_are_understood_on_one_line() -> None:
    data = make_lines(f'1,"Pipe 5" wide","{ONE},{TWO}"', f'2,"Cup" ,"{THREE}" ', f'3,Pipe 6",{ONE}')
    rows = rows_of(data)
    assert [row.product_name for row in rows] == ['Pipe 5" wide', "Cup", 'Pipe 6"']
    assert [row.urls for row in rows] == [(ONE, TWO), (THREE,), (ONE,)]


def test_an_unclosed_quote_is_named_by_its_line_and_costs_one_row() -> None:
    data = make_lines(
        f'1,Mug,"{ONE},{TWO}"',
        f'2,"Cup,{ONE}',
        f'3,Jug,"{TWO},{THREE}"',
        f"4,Pot,{THREE}",
    )
    rows = rows_of(data)
    assert [(row.row, len(row.urls), len(row.errors)) for row in rows] == [
        (2, 2, 0),
        (3, 0, 1),
        (4, 2, 0),
        (5, 1, 0),
    ]
    error = only_error_of(data)
    assert (error.row, error.column, error.code) == (3, "Product Name", "unclosed_quote")


def test_a_quote_that_is_never_closed_is_named_by_its_line() -> None:
    lines = [f"{n},Mug,{ONE}" for n in range(5_000)]
    error = only_error_of(make_lines(*lines, f'x,"Cup,{ONE}', *lines))
    assert (error.row, error.code) == (5_002, "unclosed_quote")


def test_two_open_quotes_do_not_swallow_the_rows_between_them() -> None:
    data = make_lines(f'1,"Mug,{ONE}', f"2,Cup,{TWO}", f'3,Pipe 5",{THREE}')
    errors = [error for row in rows_of(data) for error in row.errors]
    assert [(error.row, error.code) for error in errors] == [(2, "unclosed_quote")]


def test_rows_swallowed_into_another_column_are_a_warning() -> None:
    data = make_lines(
        f'1,Mug,{ONE},"nice',
        f"2,Cup,{TWO},so",
        f'3,Jug,{THREE},good"',
        header="S. No.,Product Name,Input Image Urls,Text",
    )
    assert any('"Text" has text of several lines' in each for each in findings_of(data).warnings)


def test_cells_of_megabytes_are_read() -> None:
    urls = [f"https://img.example.com/{'x' * 900}/{n}.jpg" for n in range(5_000)]
    data = make_csv([["1", "Mug", ",".join(urls), "t" * 3_000_000], ["2", "Cup", ONE, ""]])
    rows = rows_of(data.replace(b"Image Urls", b"Image Urls,Text"))
    assert rows[0].urls == tuple(urls)
    assert rows[1].urls == (ONE,)


def test_a_cell_beyond_the_limit_is_an_error_of_its_row() -> None:
    data = make_lines(f"1,Mug,{ONE}", f"2,Cup,{'x' * 9_000_000}", f"3,Jug,{TWO}")
    error = only_error_of(data)
    assert (error.row, error.column, error.code) == (3, "Input Image Urls", "cell_too_large")
    assert len(error.value or "") == 200
    assert len(rows_of(data)) == 3


def test_a_line_without_end_refuses_the_file() -> None:
    error = only_error_of(make_lines(f"1,Mug,{ONE}") + b"2,Cup," + b"x" * 40_000_000)
    assert (error.row, error.code) == (3, "row_too_long")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_nul_is_refused_with_row_and_column(encoding: str) -> None:
    rows = [["1", "Mug", ONE], ["2", "C\0up", TWO]]
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else b""
    error = only_error_of(make_csv(rows, encoding=encoding, mark=mark))
    assert (error.row, error.column, error.code) == (3, "Product Name", "control_character")
    assert "U+0000" in error.message
    assert error.value == "C␀up"


def test_what_was_detected_survives_the_database() -> None:
    data = b"Title\r\n" + make_csv(ROWS, delimiter=";", encoding="cp1252")
    detected = detect(io.BytesIO(data))
    stored = json.loads(json.dumps(detected.to_json() | {"public": detected.public()}))
    assert Detected.from_json(stored) == detected
    assert detected.public() == {
        "platform": None,
        "delimiter": ";",
        "encoding": "cp1252",
        "sheet": None,
        "header_row": 2,
        "columns": {
            "serial_number": "S. No.",
            "product_name": "Product Name",
            "images": ["Input Image Urls"],
        },
        "because": ["S. No.", "Product Name", "Input Image Urls"],
    }
