"""Columns that hold addresses of pictures and are not read: named, with what reads them."""

import io

import pytest

from app.catalog.layouts.mapping import parse_mapping
from app.catalog.reader import Findings, read_rows, validate
from tests.catalogs import SAMPLES, Sample
from tests.unit.catalog.csv_files import ONE, THREE, TWO, findings_of, make_csv, make_lines

HEADER = ["S. No.", "Product Name", "Images", "Extra"]
COLUMNS = (
    'columns={"product_name": "Product Name", "serial_number": "S. No.", '
    '"images": ["Images", "Extra"]}'
)
PAGE = "https://shop.example.com/products/mug"
GOOGLE = [
    "id",
    "title",
    "description",
    "link",
    "image_link",
    "price",
    "condition",
    "custom_label_0",
]


def sent(data: bytes, findings: Findings) -> list[tuple[str, ...]]:
    """The addresses of each row when what the first warning says is sent."""
    text = findings.warnings[0].partition("columns=")[2].partition("}")[0] + "}"
    again = validate(io.BytesIO(data), max_rows=1_000_000, columns=parse_mapping(text))
    assert again.warnings == []
    return [row.urls for row in read_rows(io.BytesIO(data), again.detected)]


def test_an_unread_column_is_named_and_what_is_said_reads_it() -> None:
    data = make_csv([["1", "Mug", ONE, TWO], ["2", "Cup", ONE, ""]], header=HEADER)
    findings = findings_of(data)
    assert findings.places == 2
    assert findings.addable == ["Extra"]
    (warning,) = findings.warnings
    assert warning == (
        'The column "Extra" (first in line 2) holds addresses of pictures and is not read. To '
        f"read it, too, send {COLUMNS}"
    )
    assert sent(data, findings) == [(ONE, TWO), (ONE,)]


def test_several_unread_columns_are_added_together() -> None:
    header = ["Box", *HEADER, "Card"]
    data = make_csv([[THREE, "1", "Mug", ONE, "", TWO]], header=header)
    findings = findings_of(data)
    assert len(findings.warnings) == 1
    assert findings.addable == ["Box", "Card"]
    assert sent(data, findings) == [(THREE, ONE, TWO)]


def test_a_column_whose_only_third_row_is_an_address_is_named() -> None:
    rows = [["1", "Mug", ONE, ""], ["2", "Cup", ONE, ""], ["3", "Jug", ONE, TWO]]
    findings = findings_of(make_csv(rows, header=HEADER))
    assert findings.addable == ["Extra"]
    assert '"Extra" (first in line 4)' in findings.warnings[0]


@pytest.mark.parametrize("quoted", [False, True])
def test_an_address_far_below_is_found(quoted: bool) -> None:
    text = '"a ""b"""' if quoted else ""
    rows = [f"1,Mug,{ONE},,{text}"] * 9_000 + [f"2,Cup,{ONE},{TWO}?w=1#x,"]
    findings = findings_of(make_lines(*rows, header=f"{','.join(HEADER)},Note"))
    assert '"Extra" (first in line 9,002)' in findings.warnings[0]


def test_other_text_in_the_column_is_told_with_its_line() -> None:
    header = ["S. No.", "Product Name", "Images", "Note", "Extra"]
    rows = [["1", "Mug", ONE, "", "front view"], ["2", "Cup", ONE, "", TWO]]
    findings = findings_of(make_csv(rows, header=header))
    assert findings.addable == []
    (warning,) = findings.warnings
    assert warning == (
        'The column "Extra" holds addresses of pictures (first in line 3) and is not read. To '
        "read it as well, empty its cells that hold something else (first in line 2: "
        f'"front view"), then send {COLUMNS}'
    )


def test_other_text_in_an_earlier_block_is_remembered() -> None:
    header = ["S. No.", "Product Name", "Images", "Note", "Extra"]
    rows = [["1", "Mug", ONE, "", "blue"]] * 9_000 + [["2", "Cup", ONE, "", TWO]]
    findings = findings_of(make_csv(rows, header=header))
    assert findings.addable == []
    assert '(first in line 2: "blue")' in findings.warnings[0]


def test_what_a_link_column_holds_counts_and_not_its_name() -> None:
    header = ["S. No.", "Product Name", "Images", "Link"]
    assert findings_of(make_csv([["1", "Mug", ONE, PAGE]], header=header)).warnings == []
    assert findings_of(make_csv([["1", "Mug", ONE, TWO]], header=header)).addable == ["Link"]


def test_texts_with_addresses_inside_are_no_column_of_pictures() -> None:
    header = ["S. No.", "Product Name", "Images", "Body (HTML)"]
    rows = [["1", "Mug", ONE, f'<p>Nice <img src="{TWO}"></p>'], ["2", "Cup", ONE, f"See {TWO}"]]
    assert findings_of(make_csv(rows, header=header)).warnings == []


def test_a_column_without_a_name_gets_the_advice_to_name_it() -> None:
    header = ["", "S. No.", "Product Name", "Images"]
    findings = findings_of(make_csv([[TWO, "1", "Mug", ONE]], header=header))
    assert findings.addable == []
    assert 'The column "column 1"' in findings.warnings[0]
    assert "give it a name in the header" in findings.warnings[0]


def test_rows_that_ran_over_want_quotes_before_columns_are_sent() -> None:
    data = make_lines(f"1,{THREE},Mug,{ONE},{TWO}", header="S. No.,Extra,Product Name,Images")
    findings = findings_of(data)
    assert findings.addable == []
    assert "put quotes around the image addresses" in findings.warnings[0]


def test_an_exports_unread_column_is_named_and_what_is_said_reads_it() -> None:
    data = make_csv([["1", "Mug", "x", PAGE, ONE, "9 USD", "new", TWO]], header=GOOGLE)
    findings = findings_of(data)
    assert findings.detected.platform == "google_merchant"
    assert findings.addable == ["custom_label_0"]
    assert "each row is then a product of its own" in findings.warnings[0]
    assert sent(data, findings) == [(ONE, TWO)]


def test_named_columns_keep_the_platforms_way_of_writing() -> None:
    header = ["sku", "name", "product_type", "base_image", "small_image", "Box"]
    rows = [["1", "Mug", "simple", ONE, "no_selection", TWO]]
    data = make_csv(rows, header=header)
    assert sent(data, findings_of(data)) == [(ONE, TWO)]
    header = ["SKU", "Name", "Published", "Regular price", "Images", "Box"]
    comma = "https://a.example.com/w_1\\,h_2/1.jpg"
    data = make_csv([["1", "Mug", "1", "9", comma, TWO]], header=header)
    assert sent(data, findings_of(data)) == [("https://a.example.com/w_1,h_2/1.jpg", TWO)]


def test_an_output_that_is_uploaded_again_is_not_read_twice() -> None:
    header = ["S. No.", "Product Name", "Images", "Output Image Urls"]
    findings = findings_of(make_csv([["1", "Mug", ONE, TWO]], header=header))
    assert findings.places == 1
    assert findings.addable == []


def test_columns_left_out_by_the_owner_are_named_all_the_same() -> None:
    data = make_csv([["1", "Mug", ONE, TWO]], header=["S. No.", "Product Name", "Image", "Image 2"])
    mapping = parse_mapping('{"images":["Image"]}')
    findings = validate(io.BytesIO(data), max_rows=10, columns=mapping)
    assert findings.addable == ["Image 2"]
    assert sent(data, findings) == [(ONE, TWO)]


@pytest.mark.parametrize("sample", SAMPLES, ids=[each.file for each in SAMPLES])
def test_nothing_is_left_unread_in_the_samples(sample: Sample) -> None:
    findings = validate(io.BytesIO(sample.data), max_rows=100, base_url=sample.base_url)
    assert findings.addable == []
    assert not any("addresses of pictures" in each for each in findings.warnings)
