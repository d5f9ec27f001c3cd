"""Which sheet of a workbook is read: the first one with products, or the one that is named."""

import io

import pytest

from app.catalog.header.sheet import Sheet
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.reader import Findings, validate
from app.catalog.workbook.sheet_csv import write_sheet
from app.catalog.workbook.wanted import Wanted
from app.domain.errors import CsvInvalid, OptionInvalid
from tests.unit.catalog.workbooks import HEADER, Formula, Value, make_workbook, sheet_xml

ONE, TWO = "https://a.example/1.jpg", "https://a.example/2.jpg"

COVER = sheet_xml({1: ["How to use this file"], 2: ["1. See https://a.example/help"]})
EMPTY = sheet_xml({})
TEMPLATE = sheet_xml({2: HEADER})
PRODUCTS = sheet_xml({1: HEADER, 2: [1, "Mug", ONE]})
OTHERS = sheet_xml({1: HEADER, 2: [2, "Cup", TWO]})
UNKNOWN = sheet_xml({1: ["Title", "Picture"], 2: ["Jug", ONE]})
LIST = sheet_xml({1: ["Colour", "Code"], 2: ["red", "R"]})
SETTINGS = sheet_xml({1: ["Key", "Value"], 2: ["Shop", "https://a.example/"], 3: ["Logo", ONE]})
EXPLAINED = sheet_xml({1: HEADER, 2: ["a number", "its name", "addresses, with commas between"]})


def read(workbook: bytes, wanted: Wanted | None = None) -> tuple[Sheet, Findings]:
    target = io.BytesIO()
    sheet = write_sheet(io.BytesIO(workbook), target, wanted)
    columns, base_url = (wanted.mapping, wanted.base_url) if wanted else (None, None)
    return sheet, validate(target, max_rows=9, sheet=sheet, columns=columns, base_url=base_url)


@pytest.mark.parametrize(
    "sheets",
    [
        {"Read me": COVER, "Products": PRODUCTS, "More": OTHERS},
        {"Blank": EMPTY, "Products": PRODUCTS},
        {"Template": TEMPLATE, "Products": PRODUCTS},
        {"Lists": LIST, "Unknown": UNKNOWN, "Products": PRODUCTS},
        {"Settings": SETTINGS, "Products": PRODUCTS},
        {"Columns": EXPLAINED, "Products": PRODUCTS},
    ],
)
def test_the_first_sheet_with_products_is_read_and_named(sheets: dict[str, str]) -> None:
    sheet, findings = read(make_workbook(sheets))
    assert (sheet.name, sheet.names, findings.address) == ("Products", tuple(sheets), ONE)
    assert findings.detected.public()["sheet"] == "Products"
    (warning,) = findings.warnings
    assert '"Products", the first one with products, is read' in warning
    assert f'Left aside: "{next(iter(sheets))}"' in warning
    assert 'send its name in the field "sheet"' in warning


@pytest.mark.parametrize(
    "products",
    [
        {1: ["ID", "SKU", "Name", "Images"], 2: [7, "M-7", "Mug", ONE]},
        {1: ["Image URL"], 2: [ONE]},
        {1: [ONE], 2: [TWO]},
        {1: HEADER, 2: [1, "Mug", Formula(f'IMAGE("{ONE}")')]},
        {4: ["Handle", "Title", "Image Src"], 5: ["mug", "Mug", ONE]},
    ],
)
def test_every_file_that_could_be_read_is_a_sheet_of_products(
    products: dict[int, list[Value]],
) -> None:
    sheet, findings = read(make_workbook({"Read me": COVER, "Data": sheet_xml(products)}))
    assert (sheet.name, findings.address) == ("Data", ONE)


def test_a_sheet_without_any_address_is_read_where_no_other_one_has_some() -> None:
    with pytest.raises(CsvInvalid) as caught:
        read(make_workbook({"Columns": EXPLAINED, "Settings": SETTINGS}))
    assert caught.value.errors[0].column == "Input Image Urls"


def test_paths_behind_a_base_url_are_products_too() -> None:
    mapping = ColumnMapping(("Picture",), "Title")
    paths = sheet_xml({1: ["Title", "Picture"], 2: ["Mug", "m/1.jpg"]})
    workbook = make_workbook({"Read me": COVER, "Lists": LIST, "Data": paths})
    wanted = Wanted(mapping=mapping, base_url="https://a.example")
    sheet, findings = read(workbook, wanted)
    assert (sheet.name, findings.address) == ("Data", "https://a.example/m/1.jpg")


def test_cells_below_any_header_keep_their_line_breaks() -> None:
    target = io.BytesIO()
    rows: dict[int, list[Value]] = {1: ["SKU", "Name", "Images"], 2: ["M", "Mug\nblue", ONE]}
    write_sheet(io.BytesIO(make_workbook({"S": sheet_xml(rows)})), target)
    assert b'"Mug\nblue"' in target.getvalue()


def test_the_first_sheet_stays_the_first_one_where_it_has_products() -> None:
    sheet, findings = read(make_workbook({"A": PRODUCTS, "B": OTHERS}))
    assert (sheet.name, findings.address) == ("A", ONE)
    assert "the first one with" not in findings.warnings[0]


def test_a_hidden_sheet_is_read_only_if_it_is_named() -> None:
    workbook = make_workbook({"Read me": COVER, "Old": PRODUCTS, "New": OTHERS}, hidden=["Old"])
    assert read(workbook)[1].address == TWO
    assert read(workbook, Wanted("Old"))[1].address == ONE


@pytest.mark.parametrize("name", ["More", " more ", "MORE"])
def test_a_sheet_can_be_named(name: str) -> None:
    sheet, findings = read(make_workbook({"Products": PRODUCTS, "More": OTHERS}), Wanted(name))
    assert (sheet.name, findings.address) == ("More", TWO)
    assert '"More" is read' in findings.warnings[0]


def test_a_sheet_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(OptionInvalid) as caught:
        read(make_workbook({"Products": PRODUCTS, "More": OTHERS}), Wanted("Prodcts"))
    assert caught.value.option == "sheet"
    assert 'no sheet "Prodcts". It has: "Products", "More".' in caught.value.detail


def test_where_no_sheet_has_a_header_the_one_with_columns_is_asked_about() -> None:
    with pytest.raises(CsvInvalid) as caught:
        read(make_workbook({"Read me": COVER, "Settings": SETTINGS, "Data": UNKNOWN}))
    assert 'columns={"product_name": "Title", "images": ["Picture"]}' in caught.value.detail
    assert 'The sheet "Data" was read; the workbook has also "Read me", "Settings"' in (
        caught.value.detail
    )


def test_named_columns_make_a_header() -> None:
    mapping = ColumnMapping(("Picture",), "Title")
    workbook = make_workbook({"Lists": LIST, "Old": OTHERS, "Data": UNKNOWN})
    sheet, findings = read(workbook, Wanted(mapping=mapping))
    assert (sheet.name, findings.places) == ("Data", 1)


def test_what_is_wanted_survives_the_way_to_the_other_process() -> None:
    wanted = Wanted("Größe", ColumnMapping(("A", "B"), None, "N"), "https://a.example")
    assert Wanted.from_text(wanted.to_text()) == wanted
    assert Wanted.from_text(Wanted().to_text()) == Wanted()
    assert wanted.to_text().isascii()
