"""Files that nothing recognises: what is proposed, what the owner may say, and relative paths."""

import io
import json
from typing import Any

import pytest

from app.catalog.layouts.mapping import parse_base_url, parse_mapping
from app.catalog.reader import Findings, detect, read_rows, validate
from app.domain.errors import CsvInvalid, OptionInvalid
from tests.catalogs import HOST
from tests.unit.catalog.csv_files import make_csv, refusal_of

UNKNOWN = make_csv(
    [
        ["T-1", "Teapot", f"{HOST}/1.jpg", f"{HOST}/2.jpg", "https://shop.example/teapot"],
        ["T-2", "Tray", f"{HOST}/3.jpg", "", "https://shop.example/tray"],
    ],
    header=["Art. code", "Artikelbezeichnung (name)", "Foto 1", "Foto 2", "Seite"],
    delimiter=";",
)
MAPPED = (
    '{"product_name":"artikelbezeichnung NAME","serial_number":"Art code",'
    '"images":["foto_1","Foto 2"]}'
)


def mapped(data: bytes, columns: str, base_url: str | None = None) -> Findings:
    return validate(
        io.BytesIO(data), max_rows=100, columns=parse_mapping(columns), base_url=base_url
    )


def refused(data: bytes, columns: str | None = None, base_url: str | None = None) -> CsvInvalid:
    mapping = parse_mapping(columns) if columns else None
    with pytest.raises(CsvInvalid) as caught:
        validate(io.BytesIO(data), max_rows=100, columns=mapping, base_url=base_url)
    return caught.value


def test_columns_with_addresses_are_proposed_and_the_proposal_works_as_it_is() -> None:
    refusal = refusal_of(UNKNOWN)
    assert refusal.detected is not None
    assert refusal.detected["platform"] is None
    assert refusal.detected["delimiter"] == ";"
    assert refusal.detected["columns"] == {
        "serial_number": "Art. code",
        "product_name": "Artikelbezeichnung (name)",
        "images": ["Foto 1", "Foto 2"],
    }
    findings = mapped(UNKNOWN, refusal.detail.partition("columns=")[2])
    assert (findings.products, findings.places) == (2, 3)


def test_addresses_that_are_no_pictures_are_proposed_where_there_are_no_others() -> None:
    data = make_csv([["a", f"{HOST}/x"], ["b", f"{HOST}/y"]], header=["Label", "Where"])
    refusal = refusal_of(data)
    assert refusal.detected is not None
    assert refusal.detected["columns"]["images"] == ["Where"]


def test_paths_of_pictures_are_proposed_and_then_want_their_beginning() -> None:
    data = make_csv([["a", "/a/1.jpg"], ["b", "b/2.png"]], header=["Label", "Where"])
    refusal = refusal_of(data)
    assert refusal.detected is not None
    assert refusal.detected["columns"]["images"] == ["Where"]
    proposed = refusal.detail.partition("columns=")[2]
    assert "base_url=" in refused(data, proposed).detail
    assert mapped(data, proposed, base_url=HOST).places == 2


def test_a_file_without_addresses_gets_no_proposal() -> None:
    refusal = refusal_of(make_csv([["a", "b"]], header=["Label", "Where"]))
    assert refusal.detected is None
    assert "columns=" not in refusal.detail


def test_named_columns_are_found_in_any_spelling() -> None:
    findings = mapped(UNKNOWN, MAPPED)
    detected = findings.detected
    assert detected.platform is None
    assert detected.public()["columns"]["images"] == ["Foto 1", "Foto 2"]
    rows = list(read_rows(io.BytesIO(UNKNOWN), detected))
    assert [(row.serial_number, row.product_name, row.urls) for row in rows] == [
        ("T-1", "Teapot", (f"{HOST}/1.jpg", f"{HOST}/2.jpg")),
        ("T-2", "Tray", (f"{HOST}/3.jpg",)),
    ]


def test_named_columns_are_taken_instead_of_those_of_a_platform() -> None:
    header = ["Handle", "Title", "Image Src", "Variant Image"]
    data = make_csv([["a", "Mug", f"{HOST}/1.jpg", f"{HOST}/2.jpg"]], header=header)
    findings = mapped(data, '{"images":["Variant Image"]}')
    assert (findings.detected.platform, findings.places) == (None, 1)


def test_a_header_below_a_title_is_found_by_the_named_columns() -> None:
    findings = mapped(b"Our list\r\n\r\n" + UNKNOWN, MAPPED)
    assert findings.detected.header_row == 3


def test_an_image_column_that_stands_twice_counts_twice() -> None:
    data = make_csv([["a", f"{HOST}/1.jpg", f"{HOST}/2.jpg"]], header=["N", "Pic", "Pic"])
    assert mapped(data, '{"images":["Pic"]}').places == 2


def test_a_named_column_that_is_absent_is_refused_with_what_there_is() -> None:
    refusal = refused(UNKNOWN, '{"images":["Foto 1","Foto 9"]}')
    assert [(each.column, each.code) for each in refusal.errors] == [("Foto 9", "missing_column")]
    assert '"Foto 9"' in refusal.detail
    assert '"Foto 2"' in refusal.detail


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Foto 1", "is no JSON"),
        ("[" * 100_000, "has more than"),
        ("[" * 15_000, "is no JSON"),
        ('["Foto 1"]', "is no JSON object"),
        ("{}", "names no image column"),
        ('{"images":[]}', "names no image column"),
        ('{"images":{"a":1}}', "names no image column"),
        ('{"images":[1]}', "something else than a header's name in images"),
        ('{"images":[""]}', "something else than a header's name in images"),
        (
            '{"images":["a"],"product_name":7}',
            "something else than a header's name in product_name",
        ),
        ('{"images":["a"],"name":"b"}', "'name', which is none of"),
        ('{"images":["' + '","'.join("a" * 201) + '"]}', "names more than 200"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(text: str, words: str) -> None:
    with pytest.raises(OptionInvalid, match="columns") as caught:
        parse_mapping(text)
    assert words in caught.value.detail
    assert caught.value.option == "columns"


def test_one_image_column_may_be_named_without_a_list() -> None:
    assert parse_mapping('{"images":"Foto 1"}').images == ("Foto 1",)


@pytest.mark.parametrize("text", ["https://shop.example/media", ["http://10.0.0.1:8080/a", "b"][0]])
def test_a_base_url_is_taken_without_its_last_slash(text: str) -> None:
    assert parse_base_url(f"{text}/") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://a b/c",
        "https://x/?a=1",
        "x" * 9,
    ],
)
def test_a_base_url_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OptionInvalid) as caught:
        parse_base_url(text)
    assert caught.value.option == "base_url"


MAGENTO = ["sku", "name", "base_image", "small_image", "additional_images"]


def test_relative_paths_without_base_url_are_refused_with_what_to_send() -> None:
    data = make_csv([["a", "Bag", "/w/b/1.jpg", "/w/b/1.jpg", "/w/b/2.jpg"]], header=MAGENTO)
    refusal = refused(data)
    assert '"/w/b/1.jpg"' in refusal.detail
    assert "base_url=https://YOUR-SHOP/media/catalog/product" in refusal.detail
    assert refusal.error_count == 3


def test_relative_paths_beside_full_addresses_are_refused_with_both() -> None:
    cells = [["a", "Bag", "/w/b/1.jpg", "no_selection", f"{HOST}/2.jpg"]]
    refusal = refused(make_csv(cells, header=MAGENTO))
    assert '"/w/b/1.jpg"' in refusal.detail
    assert f'"{HOST}/2.jpg"' in refusal.detail
    assert "base_url" in refusal.detail


def test_with_base_url_paths_and_addresses_may_stand_together() -> None:
    cells = [["a", "Bag", "/w/1.jpg", "", f"{HOST}/2.jpg,w/3.jpg , //cdn.example/4.jpg"]]
    data = make_csv(cells, header=MAGENTO)
    stream = io.BytesIO(data)
    rows = list(read_rows(stream, detect(stream, base_url="https://m.example/media")))
    assert rows[0].urls == (
        "https://m.example/media/w/1.jpg",
        f"{HOST}/2.jpg",
        "https://m.example/media/w/3.jpg",
        "https://cdn.example/4.jpg",
    )


def test_a_plain_list_may_have_paths_too() -> None:
    data = make_csv([["1", "Mug", "img/1.jpg, img/2.jpg"], ["2", "Cup", f"{HOST}/3.jpg"]])
    refusal = refused(data)
    assert refusal.errors[0].code == "invalid_url"
    assert "base_url" in refusal.detail
    assert f"{HOST}/3.jpg" in refusal.detail
    stream = io.BytesIO(data)
    rows = list(read_rows(stream, detect(stream, base_url=HOST)))
    assert [row.urls for row in rows] == [
        (f"{HOST}/img/1.jpg", f"{HOST}/img/2.jpg"),
        (f"{HOST}/3.jpg",),
    ]


def test_a_text_that_is_no_path_stays_an_error_with_base_url() -> None:
    data = make_csv([["a", "Bag", "see catalogue", "", "www.shop.example/1.jpg"]], header=MAGENTO)
    assert refused(data, base_url=HOST).error_count == 2


def test_what_is_proposed_is_json_for_any_header() -> None:
    header = ['Na"me', "Foto \\ groß"]
    refusal = refusal_of(make_csv([["a", f"{HOST}/1.jpg"]], header=header))
    proposed: dict[str, Any] = json.loads(refusal.detail.partition("columns=")[2])
    assert proposed == {"product_name": 'Na"me', "images": ["Foto \\ groß"]}
