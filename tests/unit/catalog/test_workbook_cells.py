"""What the cells of a sheet say beside their values: zeros in front, formulas, links."""

import dataclasses
import io
import json

import pytest

from app.catalog.header.sheet import Sheet
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.reader import Findings, InputRow, detect, read_rows, validate
from app.catalog.workbook.number_formats import zero_format
from app.catalog.workbook.sheet_csv import write_sheet
from app.catalog.workbook.wanted import Wanted
from app.domain.errors import NotACsv
from tests.unit.catalog.workbooks import (
    HEADER,
    Formula,
    Value,
    link_relations,
    make_sheet,
    make_workbook,
    sheet_xml,
    styles_of,
)

ONE, TWO, THREE = (f"https://a.example/{number}.jpg" for number in (1, 2, 3))


def read(workbook: bytes, wanted: Wanted | None = None) -> tuple[Findings, list[InputRow]]:
    target = io.BytesIO()
    sheet = write_sheet(io.BytesIO(workbook), target, wanted)
    columns = wanted.mapping if wanted else None
    findings = validate(target, max_rows=99, sheet=sheet, accept_valid_rows=True, columns=columns)
    return findings, list(read_rows(target, detect(target, sheet=sheet, columns=columns)))


SHOWN = [
    ("00000", 123, "00123"),
    ("00000", 1234567, "1234567"),
    ("00000", -5, "-00005"),
    ("00000", 0, "00000"),
    ("0000000000000", 12345678901, "0012345678901"),
    ("000-00", 1234, "012-34"),
    (r"000\-00\-0000", 78051120, "078-05-1120"),
    ('"SKU-"00000', 7, "SKU-00007"),
    (r"\D\-00000", 1067, "D-01067"),
    ("0-000-00000-0", 306406157, "0-306-40615-7"),
    ("000 000", 1234, "001 234"),
    ("[$-407]00000", 1067, "01067"),
    ("[Red]0000", 5, "0005"),
    ("0000_)", 5, "0005"),
    ("00000;(00000)", -5, "(00005)"),
    ("00000;@", 3, "00003"),
    ("[<=999]000;[<=9999]000-00;000-0000", 5, "005"),
    ("[<=999]000;[<=9999]000-00;000-0000", 1234, "012-34"),
    ("[<=999]000;[<=9999]000-00;000-0000", 1234567, "123-4567"),
    ("000.00", 1.5, "001.50"),
    ("0000;General", -2, "-2"),
]
PLAIN = ["General", "0", "0.00", "#,##0", "#,##0.00 €", "0%", "0000E+00", "yyyy-mm-dd", "# ?/?"]


def test_numbers_that_a_sheet_fills_up_with_zeros_keep_them() -> None:
    codes = [code for code, *_ in SHOWN]
    rows: dict[int, list[Value]] = {1: [*HEADER, "Code"]}
    for number, (_, value, _) in enumerate(SHOWN, start=1):
        rows[number + 1] = [number, "Mug", ONE, (value, number)]
    _, read_back = read(make_workbook({"S": sheet_xml(rows)}, styles=styles_of(*codes)))
    assert [row.cells[3] for row in read_back] == [shown for *_, shown in SHOWN]
    assert [row.cells[0] for row in read_back] == [str(n + 1) for n in range(len(SHOWN))]


@pytest.mark.parametrize("code", [*PLAIN, "0" * 300, '"00000"', "00:00:00 AM/PM", "00/00", ""])
def test_other_formats_leave_numbers_plain(code: str) -> None:
    assert zero_format(code) is None


def test_a_formula_that_shows_a_picture_gives_its_address() -> None:
    rows: list[list[Value]] = [
        [1, "Mug", Formula(f'IMAGE("{ONE}")')],
        [2, "Cup", Formula(f'_xlfn.IMAGE("{TWO}", "a cup", 1)', "#VALUE!")],
        [3, "Jug", Formula(f'IFERROR(__xludf.DUMMYFUNCTION("IMAGE(""{THREE}"")"),"")')],
        [4, "Pot", Formula(f'IF(B5="","",IMAGE("{ONE}"))')],
        [5, "Pan", Formula(f'HYPERLINK("{TWO}","Photo")', "Photo")],
        [6, "Lid", Formula(f'HYPERLINK("{THREE}")', THREE)],
    ]
    findings, read_back = read(make_sheet(*rows))
    assert [row.urls for row in read_back] == [(ONE,), (TWO,), (THREE,), (ONE,), (TWO,), (THREE,)]
    _, warning = findings.warnings
    assert 'In 5 cells of the column "Input Image Urls" (first in row 2)' in warning
    assert "read out of the formulas (=IMAGE() or =HYPERLINK())" in warning


def test_a_formula_may_put_its_address_together_from_its_row() -> None:
    header = [*HEADER[:2], "Code", HEADER[2]]
    written = '"https://a.example/"&C2&".jpg"'
    rows: list[list[Value]] = [
        [1, "Mug", "m1", Formula(f"IMAGE({written})", shared=(0, "D2:D3"))],
        [2, "Cup", "c2", Formula("", shared=(0, ""))],
        [3, "Jug", TWO, Formula("IMAGE($C4)")],
    ]
    _, read_back = read(make_sheet(*rows, header=header))
    assert [row.urls for row in read_back] == [
        ("https://a.example/m1.jpg",),
        ("https://a.example/c2.jpg",),
        (TWO,),
    ]


JOINED = [
    'IMAGE("https://a.example/"&A2&".jpg")',
    'IMAGE(CONCATENATE("https://a.example/",A2,".jpg"))',
    'HYPERLINK(_xlfn.CONCAT("https://a.example/"&A2, ".jpg"),"Photo")',
]


@pytest.mark.parametrize("text", JOINED)
def test_a_formula_has_the_number_and_not_what_its_cell_shows(text: str) -> None:
    rows: dict[int, list[Value]] = {1: list(HEADER), 2: [(7, 1), "Mug", Formula(text, "Photo")]}
    _, (row,) = read(make_workbook({"S": sheet_xml(rows)}, styles=styles_of("00000")))
    assert (row.cells[0], row.urls) == ("00007", ("https://a.example/7.jpg",))


@pytest.mark.parametrize("number", [7, "00007"])
def test_a_formula_may_fill_up_numbers_itself(number: str | int) -> None:
    text = 'IMAGE("https://a.example/"&TEXT(A2,"00000")&".jpg")'
    _, (row,) = read(make_sheet([number, "Mug", Formula(text)]))
    assert row.urls == ("https://a.example/00007.jpg",)


UNCLEAR = [
    *("IMAGE(Other!A1)", "IMAGE(C9)", "IMAGE(UPPER(B2))", "IMAGE(A2:B2)", "IMAGE(A2", "IMAGE()"),
    *('IMAGE("https://a.example/"&TEXT(A2,"0.0"))', "HYPERLINK(UPPER(B2))", "HYPERLINK(CONCAT(A2)"),
    "IMAGE(" + "CONCAT(" * 1_000 + "A2",
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_formula_whose_address_cannot_be_told_is_named(text: str) -> None:
    findings, _ = read(make_sheet([1, "Mug", Formula(text, "#VALUE!")], [2, "Cup", ONE]))
    (error,) = findings.errors
    assert (error.row, error.column) == (2, "Input Image Urls")
    assert (error.value or "").startswith(f"={text[:20]}")


def test_a_formula_with_a_text_that_is_no_address_names_the_text() -> None:
    findings, _ = read(make_sheet([1, "Mug", Formula('IMAGE("x")', "#VALUE!")], [2, "Cup", ONE]))
    (error,) = findings.errors
    assert (error.row, error.column, error.value) == (2, "Input Image Urls", "x")


def linked(
    rows: dict[int, list[Value]], links: dict[str, str], wanted: Wanted | None = None
) -> tuple[Findings, list[InputRow]]:
    ids = {place: f"rId{number}" for number, place in enumerate(links)}
    relations = link_relations({ids[place]: target for place, target in links.items()})
    xml = sheet_xml(rows, links=ids)
    return read(make_workbook({"S": xml}, more=relations), wanted)


def test_a_link_behind_a_cell_of_the_images_is_its_address() -> None:
    rows: dict[int, list[Value]] = {
        2: ["Export"],
        4: list(HEADER),
        5: [1, "Mug", "Photo"],
        6: [2, "Cup", "Photo"],
        7: [3, "Jug", THREE],
        8: [4, "Pot", "www.a.example/1.jpg"],
    }
    links = {"C5:C6": f"{ONE}?a=1&b=2", "C7": TWO, "C8": ONE, "B5": "https://a.example/mug"}
    findings, read_back = linked(rows, links)
    assert [row.urls for row in read_back] == [
        (f"{ONE}?a=1&b=2",),
        (f"{ONE}?a=1&b=2",),
        (THREE,),
        (ONE,),
    ]
    assert read_back[0].product_name == "Mug"
    warning = findings.warnings[1]
    assert 'In 3 cells of the column "Input Image Urls" (first in row 5)' in warning
    assert "read out of the links behind them" in warning


def test_links_elsewhere_are_left_alone_and_those_to_pictures_are_told() -> None:
    header = [*HEADER, "Page", "Sketch"]
    rows: dict[int, list[Value]] = {1: list(header), 2: [1, "Mug", ONE, "See", "View"]}
    links = {"D2": "https://a.example/mug", "E2": TWO, "A2": "mailto:a@a.example", "B2": "x.jpg"}
    findings, (row,) = linked(rows, links)
    assert (row.cells, row.urls) == (["1", "Mug", ONE, "See", "View"], (ONE,))
    warning = findings.warnings[-1]
    assert 'Behind 1 cell of the column "Sketch" (first in row 2) is a link to a picture' in warning
    assert '"columns"' in warning
    wanted = Wanted(mapping=ColumnMapping((HEADER[2], "Sketch"), HEADER[1]))
    _, (row,) = linked(rows, links, wanted)
    assert row.urls == (ONE, TWO)


def test_further_columns_of_images_are_known_by_their_links() -> None:
    header = [*HEADER, "Image 2"]
    rows: dict[int, list[Value]] = {1: list(header), 2: [1, "Mug", "Photo", "Photo"]}
    _, (row,) = linked(rows, {"C2": ONE, "D2": TWO})
    assert row.urls == (ONE, TWO)


def test_columns_are_proposed_by_their_links() -> None:
    rows: dict[int, list[Value]] = {1: ["Title", "Pic"], 2: ["Mug", "Photo"], 3: ["Cup", "Photo"]}
    wanted = Wanted(mapping=ColumnMapping(("Pic",), "Title"))
    _, (row, _) = linked(rows, {"B2": ONE, "B3": TWO}, wanted)
    assert row.urls == (ONE,)


def test_a_sheet_that_declares_a_document_type_is_refused() -> None:
    xml = sheet_xml({1: HEADER, 2: [1, "Mug", Formula(f'IMAGE("{ONE}")')]})
    workbook = make_workbook({"S": '<!DOCTYPE x [<!ENTITY a "b">]>' + xml})
    with pytest.raises(NotACsv):
        read(workbook)


def test_what_was_read_out_survives_the_way_from_the_other_process() -> None:
    target = io.BytesIO()
    workbook = make_sheet([1, "Mug", Formula(f'IMAGE("{ONE}")')])
    sheet = write_sheet(io.BytesIO(workbook), target)
    assert Sheet.from_json(json.loads(json.dumps(dataclasses.asdict(sheet)))) == sheet
