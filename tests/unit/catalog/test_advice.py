"""What is proposed for files that are not known, and what is said instead where nothing fits."""

import io
from typing import Any

import pytest

from app.catalog.layouts.mapping import ColumnMapping, parse_mapping
from app.catalog.reader import Findings, validate
from app.domain.errors import CsvInvalid
from tests.unit.catalog.csv_files import ONE, TWO, findings_of, make_csv, refusal_of

PAGE = "https://shop.example/p/1"
ADDRESSES = f"{ONE}?a=1"


def sent(data: bytes, refusal: CsvInvalid, *, base_url: str | None = None) -> Findings:
    """What the file says when the proposal at the refusal's end is sent."""
    columns = parse_mapping(refusal.detail.partition("columns=")[2])
    assert ColumnMapping.of_names(proposed(refusal)) == columns
    return validate(io.BytesIO(data), max_rows=1_000, columns=columns, base_url=base_url)


def proposed(refusal: CsvInvalid) -> dict[str, Any]:
    """The columns of a refusal."""
    assert refusal.detected is not None
    columns: dict[str, Any] = refusal.detected["columns"]
    return columns


@pytest.mark.parametrize(
    ("header", "row", "images"),
    [
        (["title", "link", "cover"], ["Mug", ONE, TWO], ["cover"]),
        (["title", "link", "asset"], ["Mug", f"{ONE}", TWO], ["asset"]),
        (["title", "link"], ["Mug", ONE], ["link"]),
        (["title", "Zdjęcie"], ["Mug", PAGE], ["Zdjęcie"]),
        (["title", "href", "thumbnail"], ["Mug", PAGE, "//a.example/1?w=1"], ["thumbnail"]),
        (["title", "video", "Foto 1"], ["Mug", "https://v.example/1.mp4", ONE], ["Foto 1"]),
    ],
)
def test_columns_named_like_pictures_come_before_those_of_pages(
    header: list[str], row: list[str], images: list[str]
) -> None:
    data = make_csv([row], header=header)
    refusal = refusal_of(data)
    assert proposed(refusal)["images"] == images
    findings = sent(data, refusal)
    assert findings.places
    assert findings.bad_rows == 0


@pytest.mark.parametrize(
    ("name", "address"),
    [("product_link", PAGE), ("domain", "https://a.example"), ("source", f"{PAGE}/index.html")],
)
def test_pages_are_never_proposed(name: str, address: str) -> None:
    refusal = refusal_of(make_csv([["Mug", address]], header=["title", name]))
    assert refusal.detected is None
    assert "columns=" not in refusal.detail


def test_a_shop_file_is_not_asked_for_a_serial_number() -> None:
    shop = make_csv([["7", "M-1", "Mug", ONE]], header=["ID", "Code", "Label", "Images"])
    refusal = refusal_of(shop)
    assert "Serial Number" not in refusal.detail
    assert [error.code for error in refusal.errors] == ["missing_column"]
    assert sent(shop, refusal).places == 1
    without = make_csv([list("abcdefg")], header=["id", "parent", "no", "name", "x", "y", "z"])
    assert "Serial Number" not in refusal_of(without).detail
    assert "with their images" in refusal_of(without).detail
    own = make_csv([["Mug", ONE]], header=["Product Name", "Input Image Urls"])
    assert refusal_of(own).detail.startswith('Missing column: "Serial Number"')


@pytest.mark.parametrize(
    ("header", "name", "number"),
    [
        (["ID", "Typ", "Artikelnr", "Namn", "Bilder x"], "Namn", "Artikelnr"),
        (["SKU", "Nazwa", "Obrazki x"], "Nazwa", "SKU"),
        (["Имя", "Артикул", "Изображения x"], "Имя", "Артикул"),
        (["品番", "名前", "画像"], "名前", "品番"),
        (["Product ID", "Product", "Image x"], "Product", "Product ID"),
        (["Video width", "id", "Foto"], None, "id"),
    ],
)
def test_names_are_proposed_before_numbers(
    header: list[str], name: str | None, number: str
) -> None:
    data = make_csv([["x"] * (len(header) - 1) + [ONE]], header=header)
    columns = proposed(refusal_of(data))
    assert (columns["product_name"], columns["serial_number"]) == (name, number)


def test_paths_are_proposed_with_base_url() -> None:
    data = make_csv([["Mug", "a/1.jpg;a/2.jpg"]], header=["Label", "Foto"])
    refusal = refusal_of(data)
    assert "Paths of pictures are in" in refusal.detail
    assert "base_url=https://" in refusal.detail.partition("columns=")[0]
    assert sent(data, refusal, base_url="https://a.example").places == 2


def test_what_would_fail_when_it_is_sent_is_said_or_not_proposed() -> None:
    rows = [["Mug", ONE, TWO], ["Cup", "blue", TWO], ["Jug", ONE, TWO]]
    refusal = refusal_of(make_csv(rows, header=["Label", "Foto", "Bild"]))
    assert proposed(refusal)["images"] == ["Bild"]
    alone = refusal_of(make_csv([row[:2] for row in rows], header=["Label", "Foto"]))
    assert 'correct cells such as "blue", then send columns=' in alone.detail
    twice = make_csv([["Mug", ONE, "blue"]], header=["Label", "Foto", "foto"])
    assert refusal_of(twice).detected is None


def test_rows_with_more_cells_than_the_header_come_first() -> None:
    wide = make_csv([["Mug", ONE, TWO], ["Cup", "blue", ""]], header=["Label", "Foto"])
    advice = 'correct cells such as "blue" and put quotes around cells with the delimiter in them'
    assert f"{advice}, then send columns=" in refusal_of(wide).detail
    blank = make_csv([["Mug", ONE, "", ""]], header=["Label", "Foto"])
    assert sent(blank, refusal_of(blank)).places == 1


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("Foto", "cdn.shop.example/a.jpg", '"Foto" holds web addresses with a mistake: "cdn.shop'),
        ("Foto", "https://u:p@a.example/1.jpg", "mistake: There is a user name or password before"),
        ("*", ONE, 'Column 3 holds addresses of pictures, but has no name to send: call it "Image'),
        ("Foto", f"see {ONE} and more", "or stand among other text"),
    ],
)
def test_where_nothing_is_proposed_it_is_said_what_keeps_it_from_that(
    name: str, cell: str, why: str
) -> None:
    refusal = refusal_of(make_csv([["Mug", "x", cell]], header=["Label", "Colour", name]))
    assert why in refusal.detail
    assert "base_url" not in refusal.detail
    assert "columns=" not in refusal.detail


LINES = ["S. No.@Product Name@Input Image Urls", f"1@Mug@{ADDRESSES}", f"2@Cup@{ADDRESSES}"]
SHOP = ["Handle@Title@Image Src@Vendor", f"a@Mug@{ADDRESSES}@v"]
OTHER = ["Label@Colour@Where", f"Mug@blue@{ADDRESSES}", f"Cup@red@{ADDRESSES}"]


@pytest.mark.parametrize("lines", [LINES, SHOP, OTHER])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("behind", ["", ";;", ",,"])
def test_a_file_in_one_column_says_so(lines: list[str], delimiter: str, behind: str) -> None:
    text = "\r\n".join(f'"{line.replace("@", delimiter)}"{behind}' for line in lines)
    refusal = refusal_of(text.encode())
    assert [(error.row, error.code) for error in refusal.errors] == [(1, "one_column")]
    assert refusal.detail.startswith("The whole file is one column")
    assert refusal.detected is None
    assert "columns=" not in refusal.detail


@pytest.mark.parametrize("delimiter", ["^", "~", "¦"])
def test_a_delimiter_that_is_not_known_is_named(delimiter: str) -> None:
    text = "\n".join(line.replace("@", delimiter) for line in LINES)
    refusal = refusal_of(text.encode())
    assert [error.code for error in refusal.errors] == ["one_column"]
    assert f'"{delimiter}" is between them' in refusal.detail


WORDS = ["-", "n/a", "none", "no image", "NULL", "#N/A", "0", "NaN", "no_selection", "None", "N/A"]


@pytest.mark.parametrize("word", WORDS)
def test_words_for_no_picture_are_no_errors_in_exports(word: str) -> None:
    header = ["Handle", "Title", "Image Src"]
    data = make_csv([["a", "Mug", ONE], ["b", "Cup", f" {word} "]], header=header)
    findings = findings_of(data)
    assert (findings.places, findings.bad_rows, findings.warnings) == (1, 0, [])
    unknown = make_csv([["Mug", ONE], ["Cup", word]], header=["Label", "Foto"])
    assert sent(unknown, refusal_of(unknown)).bad_rows == 0


@pytest.mark.parametrize("word", WORDS)
def test_in_a_plain_list_the_refusal_says_how_to_start_with_the_good_rows(word: str) -> None:
    data = make_csv([["1", "Mug", ONE], ["2", "Cup", word]])
    refusal = refusal_of(data)
    assert [(error.row, error.code) for error in refusal.errors] == [(3, "invalid_url")]
    assert "If the product has no picture" in refusal.errors[0].message
    assert "accept_valid_rows=true; this row is then left out" in refusal.detail
    assert findings_of(data, accept_valid_rows=True).places == 1


def test_the_good_rows_are_not_offered_where_there_are_none() -> None:
    assert "all the same" not in refusal_of(make_csv([["1", "Mug", "-"]])).detail
    total = refusal_of(make_csv([["1", "Mug", ONE], ["", "Total", ""]]))
    assert total.errors[0].code == "missing_value"
    assert "send accept_valid_rows=true; this row is then left out" in total.detail
