"""Which column is which: header names, where the header stands, and what is missing in it."""

import pytest

from app.catalog.layouts.layout import plain_list
from tests.unit.catalog.csv_files import (
    ONE,
    findings_of,
    make_csv,
    make_lines,
    only_error_of,
    refusal_of,
    rows_of,
)


@pytest.mark.parametrize(
    "name",
    [
        "Serial Number",
        "SERIAL NUMBER",
        "SerialNumber",
        "Serial-Number",
        "serial_no",
        "S. No.",
        "S. No",
        "S.No",
        " s no ",
        "Sno",
        "Sr No",
        "Sr. No.",
        "SL NO",
    ],
)
def test_serial_number_is_found_under_every_usual_name(name: str) -> None:
    data = make_csv([["7", "Mug", ONE]], header=[name, "Product Name", "Input Image Urls"])
    assert findings_of(data).detected.layout == plain_list(0, 1, 2)
    assert rows_of(data)[0].serial_number == "7"


@pytest.mark.parametrize("name", ["Product Name", "product_name", "PRODUCT.NAME", "ProductName"])
def test_product_name_is_found_in_every_spelling(name: str) -> None:
    data = make_csv([["7", "Mug", ONE]], header=["S. No.", name, "Input Image Urls"])
    assert rows_of(data)[0].product_name == "Mug"


@pytest.mark.parametrize(
    "name",
    [
        "Input Image Urls",
        "Input Image URLs",
        "INPUT.IMAGE.URLS",
        "input_image_url",
        "Input\nImage Urls",
        "Image URLs",
        "image urls",
        "Images",
    ],
)
def test_images_are_found_under_every_usual_name(name: str) -> None:
    data = make_csv([["7", "Mug", ONE]], header=["S. No.", "Product Name", name])
    assert rows_of(data)[0].urls == (ONE,)


def test_columns_stand_in_any_order_among_others() -> None:
    data = make_csv(
        [["red", ONE, "9.99", "Mug", "7"]],
        header=["Colour", "Image URLs", "Price", "Product Name", "S. No."],
    )
    row = rows_of(data)[0]
    assert (row.serial_number, row.product_name, row.urls) == ("7", "Mug", (ONE,))
    assert row.cells == ["red", ONE, "9.99", "Mug", "7"]


def test_a_better_name_wins_and_the_other_is_mentioned() -> None:
    data = make_csv(
        [["7", "Mug", ONE, "https://other.example.com/x.jpg"]],
        header=["S. No.", "Product Name", "Input Image Urls", "Image URLs"],
    )
    findings = findings_of(data)
    assert rows_of(data)[0].urls == (ONE,)
    assert any('"Image URLs" is kept as it is and not read' in each for each in findings.warnings)


def test_a_counter_beside_a_serial_number_is_no_error() -> None:
    data = make_csv(
        [["1", "X-9", "Mug", ONE]],
        header=["S. No.", "Serial Number", "Product Name", "Input Image Urls"],
    )
    assert rows_of(data)[0].serial_number == "1"


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_column_is_named_with_what_the_file_has(missing: int) -> None:
    names = ["S. No.", "Product Name", "Input Image Urls"]
    canonical = ["Serial Number", "Product Name", "Input Image Urls"][missing]
    names[missing] = "Colour"
    refusal = refusal_of(make_csv([["1", "Mug", ONE]], header=names))
    assert refusal.error_count == 1
    error = refusal.errors[0]
    assert (error.row, error.column, error.code) == (1, canonical, "missing_column")
    assert f'"{canonical}"' in error.message
    assert '"Colour"' in error.message
    assert canonical in refusal.detail


def test_a_needed_column_that_stands_twice_is_an_error_with_its_place() -> None:
    data = make_csv(
        [["1", "Mug", "Cup", ONE]],
        header=["S. No.", "Product Name", "product name", "Input Image Urls"],
    )
    error = only_error_of(data)
    assert (error.row, error.column, error.code) == (1, "product name", "duplicate_header")
    assert "columns 2, 3" in error.message


def test_other_columns_may_stand_twice() -> None:
    data = make_csv([["1", "Mug", ONE, "a", "b"]], header=[*"SNO", "Tag", "Tag"])
    data = data.replace(b"S,N,O", b"S. No.,Product Name,Image URLs")
    assert rows_of(data)[0].cells[3:] == ["a", "b"]


def test_header_below_a_title_is_found_and_said() -> None:
    data = b"Export of 1 May,,\r\n\r\n" + make_csv([["1", "Mug", ONE]])
    findings = findings_of(data)
    assert findings.detected.header_row == 3
    assert rows_of(data)[0].row == 4
    assert any("header was found in line 3" in warning for warning in findings.warnings)


def test_blank_lines_above_the_header_are_no_warning() -> None:
    findings = findings_of(b"\r\n\r\n" + make_csv([["1", "Mug", ONE]]))
    assert findings.detected.header_row == 3
    assert findings.warnings == []


def test_a_title_with_an_open_quote_hides_no_row() -> None:
    data = b'Export "May\r\n"x\r\n' + make_csv([["1", "Mug", ONE]])
    assert [row.row for row in rows_of(data)] == [4]


def test_a_file_without_header_is_told_so() -> None:
    error = only_error_of(f"1,Mug,{ONE}\r\n2,Cup,{ONE}\r\n".encode())
    assert (error.row, error.code) == (1, "missing_header")
    assert "no header" in error.message
    assert "S. No.,Product Name,Input Image Urls" in error.message


def test_a_header_without_rows_is_told_so() -> None:
    error = only_error_of(make_csv([]))
    assert error.code == "no_rows"
    assert error.message.startswith("The file has a header but no rows")


def test_a_quote_left_open_in_the_header_refuses_the_file() -> None:
    data = make_lines(f"1,Mug,{ONE}", header='S. No.,"Product Name,Input Image Urls')
    error = only_error_of(data)
    assert (error.row, error.code) == (1, "unclosed_quote")


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\xef\xbb\xbf", b"   \n"])
def test_an_empty_file_is_called_empty(data: bytes) -> None:
    error = only_error_of(data)
    assert error.code == "empty_file"
    assert error.message.startswith("The file is empty")


def test_an_output_that_is_uploaded_again_is_announced() -> None:
    data = make_csv(
        [["1", "Mug", ONE, "https://old.example.com/1.jpg"]],
        header=["S. No.", "Product Name", "Input Image Urls", "Output Image Urls"],
    )
    assert any("Output Image Urls" in warning for warning in findings_of(data).warnings)
