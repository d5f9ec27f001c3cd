"""Rows that are longer or shorter than the header, and rows with mistakes."""

import pytest

from tests.unit.catalog.csv_files import (
    ONE,
    THREE,
    TWO,
    findings_of,
    make_csv,
    make_lines,
    only_error_of,
    refusal_of,
    rows_of,
    urls_of,
)

WIDE = "S. No.,Product Name,Input Image Urls,Price,Colour"
MIDDLE = "S. No.,Input Image Urls,Product Name"
COMMA_1 = "https://res.example.com/w_100,h_200,c_fill/v1/shoe.jpg"


def test_unquoted_urls_are_folded_back_into_their_cell() -> None:
    data = make_lines(f"1,Mug,{ONE},{TWO},{THREE}", f"2,Cup,{ONE}", f"3,Jug,{ONE}, {TWO}")
    rows = rows_of(data)
    assert [row.urls for row in rows] == [(ONE, TWO, THREE), (ONE,), (ONE, TWO)]
    assert [row.cells for row in rows] == [
        ["1", "Mug", f"{ONE},{TWO},{THREE}"],
        ["2", "Cup", ONE],
        ["3", "Jug", f"{ONE}, {TWO}"],
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_unquoted_urls_are_folded_back_with_every_delimiter(delimiter: str) -> None:
    header = delimiter.join(["S. No.", "Product Name", "Input Image Urls"])
    line = delimiter.join(["1", "Mug", ONE, TWO])
    assert urls_of(make_lines(line, header=header)) == [(ONE, TWO)]


def test_an_unquoted_url_with_commas_is_put_together_again() -> None:
    data = make_lines(f"1,Mug,{COMMA_1}", f"2,Cup,{ONE},{COMMA_1},{TWO}")
    assert urls_of(data) == [(COMMA_1,), (ONE, COMMA_1, TWO)]


def test_urls_that_ran_over_leave_the_columns_behind_them_their_cells() -> None:
    data = make_lines(
        f"1,Mug,{ONE},{TWO},9.99,red",
        f"2,Cup,{ONE},9.99,",
        f"3,Jug,{ONE},{TWO},{THREE},,",
        f"4,Pot,{COMMA_1},9.99,red",
        f"5,Pan,{ONE},{TWO},9.99,red,,",
        header=WIDE,
    )
    rows = rows_of(data)
    assert [row.cells[2:] for row in rows] == [
        [f"{ONE},{TWO}", "9.99", "red"],
        [ONE, "9.99", ""],
        [f"{ONE},{TWO},{THREE}", "", ""],
        [COMMA_1, "9.99", "red"],
        [f"{ONE},{TWO}", "9.99", "red"],
    ]
    assert [len(row.urls) for row in rows] == [2, 1, 3, 1, 2]


def test_a_product_name_behind_the_urls_is_still_found() -> None:
    rows = rows_of(make_lines(f"1,{ONE},{TWO},Mug", f"2,{ONE},Cup", header=MIDDLE))
    assert [(row.product_name, row.urls) for row in rows] == [("Mug", (ONE, TWO)), ("Cup", (ONE,))]


def test_columns_without_name_behind_the_images_belong_to_them() -> None:
    data = make_lines(
        f"1,Mug,{ONE},{TWO},{THREE}",
        f"2,Cup,{ONE},,",
        f"3,Jug,{ONE},,in stock",
        header="S. No.,Product Name,Input Image Urls,,",
    )
    rows = rows_of(data)
    assert [row.urls for row in rows] == [(ONE, TWO, THREE), (ONE,), (ONE,)]
    assert rows[0].cells == ["1", "Mug", ONE, TWO, THREE]


def test_empty_cells_at_the_end_are_no_matter() -> None:
    assert urls_of(make_lines(f"1,Mug,{ONE},,,", f"2,Cup,{TWO}")) == [(ONE,), (TWO,)]


def test_short_rows_are_filled_up() -> None:
    rows = rows_of(make_lines(f"1,Mug,{ONE}", header=WIDE))
    assert rows[0].cells == ["1", "Mug", ONE, "", ""]


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (f"1,Mug,{ONE},red", "S. No.,Product Name,Input Image Urls"),
        (f"1,Mug,{ONE},red,{TWO}", "S. No.,Product Name,Input Image Urls"),
        (f"1,Mug,{ONE},9.99,red,large", WIDE),
        ("1,Mug,https://img.example.com/5,9.99,red,", WIDE),
        (f"1,Mug,{ONE},red,{TWO}", "S. No.,Product Name,Input Image Urls,,"),
    ],
)
def test_cells_that_may_belong_to_several_columns_are_refused(line: str, header: str) -> None:
    error = only_error_of(make_lines(line, f"2,Cup,{THREE}", header=header))
    assert (error.row, error.column, error.code) == (2, "Input Image Urls", "unclear_columns")
    assert "Put quotes around" in error.message


def test_a_comma_in_an_unquoted_name_is_an_error() -> None:
    error = only_error_of(make_lines(f"1,Mug, blue,{ONE}"))
    assert (error.row, error.code) == (2, "invalid_url")
    assert error.value == "blue"


def test_addresses_in_the_column_beside_the_images_are_a_warning() -> None:
    data = make_lines(f"1,Mug,{ONE},{TWO},red", f"2,Cup,{ONE},5.00,red", header=WIDE)
    warnings = findings_of(data).warnings
    assert any('The column "Price" beside the image URLs' in each for each in warnings)
    linked = data.replace(b"Price", b"Product Link").replace(b"5.00", b"https://shop.example.com/a")
    assert any('"Product Link"' in each for each in findings_of(linked).warnings)
    pages = linked.replace(f",{TWO},red".encode(), b",https://shop.example.com/b,red")
    assert findings_of(pages).warnings == []


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (["1", "", ONE], "Product Name"),
        (["1", "  ", ONE], "Product Name"),
        (["1", "Mug", ""], "Input Image Urls"),
        (["1", "Mug", " , "], "Input Image Urls"),
    ],
)
def test_a_missing_value_is_an_error_with_row_and_column(cells: list[str], column: str) -> None:
    error = only_error_of(make_csv([["0", "Cup", TWO], cells]))
    assert (error.row, error.column, error.code) == (3, column, "missing_value")
    assert error.value is None


def test_a_missing_serial_number_is_no_error() -> None:
    row = rows_of(make_csv([["", "Mug", ONE]]))[0]
    assert (row.serial_number, row.errors) == ("", ())


def test_errors_name_the_column_as_the_file_writes_it() -> None:
    data = make_csv([["1", "Mug", "x"]], header=["s_no", "PRODUCT NAME", "image urls"])
    assert only_error_of(data).column == "image urls"


def test_the_same_row_twice_is_fine() -> None:
    findings = findings_of(make_csv([["1", "Mug", ONE], ["1", "Mug", ONE]]))
    assert (findings.products, findings.places, findings.images, findings.duplicates) == (
        2,
        2,
        1,
        1,
    )


def test_a_row_with_several_mistakes_names_each() -> None:
    refusal = refusal_of(make_csv([["1", "", f"x, {ONE}, http://"]]))
    assert [error.code for error in refusal.errors] == [
        "missing_value",
        "invalid_url",
        "invalid_url",
    ]
    assert refusal.detail.startswith("1 row has 3 errors. The first is in row 2, Product Name:")
