"""Columns of images beside the one that is known: read in their order, replaced in their cells."""

import io
import random

import pytest

from app.catalog.header.detected import Detected
from app.catalog.layouts.layout import plain_list
from app.catalog.layouts.mapping import parse_mapping
from app.catalog.out.replace import write_replaced
from app.catalog.reader import InputRow, detect, read_rows, read_usable_rows, validate
from app.catalog.rows.blocks import read_blocks
from app.catalog.rows.reader import RowReader
from app.catalog.tally.tally import Tally
from tests.unit.catalog.csv_files import (
    ONE,
    THREE,
    TWO,
    findings_of,
    make_csv,
    make_lines,
    refusal_of,
    rows_of,
    urls_of,
)

PAGE = "https://shop.example.com/products/mug"
FILM = "https://films.example.com/watch?v=1"
NEW = "https://cdn.example.com"
META = "id,title,description,availability,price,link,image_link"
SHOPIFY = "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Image Src"


def read_as(data: bytes) -> tuple[list[str], list[tuple[str, ...]]]:
    """The columns of images, and the addresses of each row; nothing may be left to say."""
    findings = findings_of(data)
    assert findings.warnings == []
    stream = io.BytesIO(data)
    rows = list(read_rows(stream, findings.detected))
    usable = list(read_usable_rows(stream, findings.detected))
    assert [url for each in usable for url in each.urls] == [
        url for row in rows for url in row.urls
    ]
    assert findings.places == sum(len(row.urls) for row in rows)
    return findings.detected.public()["columns"]["images"], [row.urls for row in rows]


def replaced_in(data: bytes, *, failed: tuple[str, ...] = ()) -> bytes:
    detected = detect(io.BytesIO(data))

    def new(row: InputRow) -> list[str | None]:
        return [
            None if url in failed else f"{NEW}/{row.row}-{place}.jpg"
            for place, url in enumerate(row.urls, start=1)
        ]

    rows = ((row, new(row)) for row in read_rows(io.BytesIO(data), detected))
    return b"".join(write_replaced(io.BytesIO(data), detected, rows))


@pytest.mark.parametrize(
    "names",
    [
        ["Image", "Image 2", "Image 3"],
        ["Image URL", "image_url_2", "ImageUrl3"],
        ["Images", "Photo", "Picture 2"],
        ["Image", "Additional Image URL", "Gallery Images"],
        ["Images", "Hover", "Lifestyle"],
        ["Images", "Other Image", "Hover image"],
        ["Input Image Urls", "image[0].url", "image[1].url"],
        ["Images", "Bild 2", "Produktbild3"],
        ["Images", "Imágenes adicionales", "Immagine 2"],
        ["Images", "Afbeelding 2", "Foto 3"],
        ["Images", "Zdjęcie 2", "Изображение 3"],
        ["Images", "画像2", "이미지 3"],
        ["Images", "Pic 2", "Img_3"],
    ],
)
def test_siblings_are_found_by_their_names(names: list[str]) -> None:
    data = make_csv([["1", "Mug", ONE, TWO, THREE]], header=["S. No.", "Product Name", *names])
    assert read_as(data) == (names, [(ONE, TWO, THREE)])


def test_a_main_image_comes_before_a_list_of_images() -> None:
    header = ["S. No.", "Product Name", "Images", "Main Image"]
    data = make_csv([["1", "Mug", f"{TWO}, {THREE}", ONE]], header=header)
    assert read_as(data) == (["Main Image", "Images"], [(ONE, TWO, THREE)])


def test_siblings_left_of_the_main_column_come_behind_it() -> None:
    header = ["S. No.", "Photo 2", "Product Name", "Images", "Photo 3"]
    data = make_csv([["1", TWO, "Mug", ONE, THREE]], header=header)
    assert read_as(data) == (["Images", "Photo 2", "Photo 3"], [(ONE, TWO, THREE)])


@pytest.mark.parametrize(
    ("header", "sibling"),
    [
        (META, "lifestyle_image_link"),
        (META, "image[0].url"),
        (META, "additional image 2"),
        (SHOPIFY, "Hover image (product.metafields.custom.hover)"),
        (SHOPIFY, "Gallery (product.metafields.custom.gallery)"),
    ],
)
def test_exports_have_siblings_behind_their_own_columns(header: str, sibling: str) -> None:
    own = header.split(",")
    cells = {"link": PAGE, "image_link": ONE, "Image Src": ONE}
    row = [cells.get(name, "x") for name in own]
    data = make_csv([[TWO, *row]], header=[sibling, *own])
    assert read_as(data) == ([own[-1], sibling], [(ONE, TWO)])


def test_columns_of_pages_films_and_words_about_images_are_left_alone() -> None:
    header = ["S. No.", "Product Name", "Images", "Link", "Product URL", "Video", "Image Page"]
    header += ["Image Alt Text", "Image Position", "Photographer Photo Link", "Photo credit"]
    row = ["1", "Mug", ONE, PAGE, PAGE, FILM, PAGE, "A mug", "1", PAGE, PAGE]
    assert read_as(make_csv([row], header=header)) == (["Images"], [(ONE,)])


def test_a_gallery_that_links_to_pages_is_left_alone() -> None:
    header = ["S. No.", "Product Name", "Images", "Price", "Gallery", "Media"]
    assert read_as(make_csv([["1", "Mug", ONE, "9", PAGE, PAGE]], header=header))[0] == ["Images"]


def test_a_sibling_whose_only_third_row_is_an_address_is_read() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    rows = [["1", "Mug", ONE, ""], ["2", "Cup", ONE, ""], ["3", "Jug", ONE, TWO]]
    assert read_as(make_csv(rows, header=header))[1] == [(ONE,), (ONE,), (ONE, TWO)]


def test_a_sibling_that_is_filled_far_below_is_read() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    rows = [["1", "Mug", ONE, ""]] * 9_000 + [["2", "Cup", ONE, TWO]]
    assert read_as(make_csv(rows, header=header))[1][-1] == (ONE, TWO)


def test_a_row_needs_an_address_in_one_of_its_image_columns() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    data = make_csv([["1", "Mug", ONE, TWO], ["2", "Cup", "", TWO]], header=header)
    assert urls_of(data) == [(ONE, TWO), (TWO,)]
    refusal = refusal_of(make_csv([["1", "Mug", ONE, TWO], ["2", "Cup", "", ""]], header=header))
    assert [(each.row, each.column, each.code) for each in refusal.errors] == [
        (3, "Image", "missing_value")
    ]


def test_cells_of_siblings_without_an_address_are_kept_and_told() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    rows = [["1", "Mug", ONE, TWO], ["2", "Cup", ONE, "N/A"], ["3", "Jug", ONE, "-"]]
    data = make_csv(rows, header=header)
    assert urls_of(data) == [(ONE, TWO), (ONE,), (ONE,)]
    assert findings_of(data).warnings == [
        (
            'The image column "Image 2" has cells without a web address (first in line 3: "N/A"). '
            "They are kept as they are."
        )
    ]


def test_cells_of_an_exports_siblings_without_an_address_are_kept_and_told() -> None:
    rows = [["m", "Mug", "v", "T", "D", "1", ONE, TWO], ["c", "Cup", "v", "T", "D", "2", ONE, "no"]]
    findings = findings_of(make_csv(rows, header=[*SHOPIFY.split(","), "Image 2"]))
    assert findings.places == 3
    assert '(first in line 3: "no")' in findings.warnings[0]


def test_text_behind_an_address_of_a_sibling_is_an_error_of_its_column() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    refusal = refusal_of(make_csv([["1", "Mug", ONE, f"{TWO} front view"]], header=header))
    assert [(each.column, each.code) for each in refusal.errors] == [("Image 2", "invalid_url")]


def test_a_sibling_may_have_addresses_on_several_lines() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    data = make_csv([["1", "Mug", ONE, f"{TWO}\n{THREE}"]], header=header)
    assert read_as(data)[1] == [(ONE, TWO, THREE)]


def test_paths_of_siblings_are_read_with_a_base_url() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    data = make_csv([["1", "Mug", "a/1.jpg", "a/2.jpg"]], header=header)
    findings = validate(io.BytesIO(data), max_rows=10, base_url="https://a.example.com")
    urls = [row.urls for row in read_rows(io.BytesIO(data), findings.detected)]
    assert urls == [("https://a.example.com/a/1.jpg", "https://a.example.com/a/2.jpg")]


def test_addresses_that_ran_over_stay_with_their_siblings() -> None:
    header = "S. No.,Product Name,Images,Photo"
    data = make_lines(f"1,Mug,{ONE},{TWO},{THREE}", f"2,Cup,{ONE},{TWO}", header=header)
    assert read_as(data)[1] == [(ONE, TWO, THREE), (ONE, TWO)]
    assert replaced_in(data).decode().splitlines()[1:] == [
        f"1,Mug,{NEW}/2-1.jpg,{NEW}/2-2.jpg,{NEW}/2-3.jpg",
        f"2,Cup,{NEW}/3-1.jpg,{NEW}/3-2.jpg",
    ]


def test_siblings_are_replaced_in_their_own_cells_and_a_failed_one_stays() -> None:
    header = 'S. No.,Photo,"Product Name",Images,Price,Photo 3'
    data = make_lines(
        f'1,{TWO},"Mug","{ONE} ; {THREE}",9.99,"{THREE}"',
        f"2,,Cup,{ONE},9.99,",
        f"3,{TWO},Jug,{ONE},9.99,",
        header=header,
    )
    assert replaced_in(data, failed=(TWO,)).decode().splitlines()[1:] == [
        f'1,{TWO},"Mug","{NEW}/2-1.jpg ; {NEW}/2-2.jpg",9.99,"{NEW}/2-4.jpg"',
        f"2,,Cup,{NEW}/3-1.jpg,9.99,",
        f"3,{TWO},Jug,{NEW}/4-1.jpg,9.99,",
    ]


def test_siblings_of_an_export_are_replaced_in_their_own_cells() -> None:
    header = f"Hover image,{SHOPIFY}"
    data = f"{header}\n{TWO},mug,Mug,v,Title,Default,1,{ONE}\n".encode()
    line = f"{NEW}/2-2.jpg,mug,Mug,v,Title,Default,1,{NEW}/2-1.jpg"
    assert replaced_in(data).decode() == f"{header}\n{line}\n"


def test_what_is_stored_is_read_again_in_the_same_way() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    for data in (
        make_csv([["1", "Mug", ONE, TWO]], header=header),
        make_csv(
            [["m", "Mug", "v", "T", "D", "1", ONE, TWO]], header=[*SHOPIFY.split(","), "Hover"]
        ),
    ):
        detected = detect(io.BytesIO(data))
        assert len(detected.layout.image_columns) == 2
        assert Detected.from_json(detected.to_json()) == detected


def test_requests_from_before_are_read_as_they_were() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    data = make_csv([["1", "Mug", ONE, TWO]], header=header)
    stored = detect(io.BytesIO(data)).to_json()
    stored["columns"] = {"serial_number": 0, "product_name": 1, "images": 2}
    detected = Detected.from_json(stored)
    assert detected.layout == plain_list(0, 1, 2)
    assert [row.urls for row in read_rows(io.BytesIO(data), detected)] == [(ONE,)]
    data = make_csv(
        [["m", "Mug", "v", "T", "D", "1", ONE, TWO]], header=[*SHOPIFY.split(","), "Hover"]
    )
    stored = detect(io.BytesIO(data)).to_json()
    stored["columns"]["images"] = [{"index": 6, "separator": "one"}]
    detected = Detected.from_json(stored)
    assert [row.urls for row in read_rows(io.BytesIO(data), detected)] == [(ONE,)]


def test_a_single_image_column_is_stored_as_it_always_was() -> None:
    stored = detect(io.BytesIO(make_csv([["1", "Mug", ONE]]))).to_json()
    assert stored["columns"] == {"serial_number": 0, "product_name": 1, "images": 2}


def test_named_columns_are_all_that_is_read() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2"]
    data = make_csv([["1", "Mug", ONE, TWO]], header=header)
    mapping = parse_mapping('{"images":["Image"]}')
    assert validate(io.BytesIO(data), max_rows=10, columns=mapping).places == 1


def test_the_fast_way_and_the_close_look_agree_on_siblings() -> None:
    chance = random.Random(11)
    cells = [
        ONE,
        TWO,
        f"{ONE},{TWO}",
        f"{ONE} ; {THREE}",
        "https://a.example.com/w_1,h_2/x.jpg",
        "",
    ]
    odd = [
        *cells,
        "N/A",
        f"{ONE} ,",
        "https://c.example.com/my photo.jpg",
        f"{ONE}\n{TWO}",
        "http://",
    ]
    header = ["S. No.", "Product Name", "Image", "Image 2", "Price", "Image 3"]
    fast_blocks = 0
    for round_ in range(400):
        kinds = odd if round_ % 2 else cells
        rows = [
            ["1", "Mug", *chance.choices(kinds, k=2), "9.99", chance.choice(kinds)]
            for _ in range(3)
        ]
        stream = io.BytesIO(make_csv([["0", "Pot", ONE, TWO, "1", THREE], *rows], header=header))
        detected = detect(stream)
        reader, tally = RowReader(detected), Tally(detected)
        fast, close, usable = [], [], []
        for block in read_blocks(stream, detected):
            tally.add(block)
            fast_blocks += reader.plain(block) is not None
            close += reader.rows_one_by_one(block)
            fast += reader.rows(block)
            usable += reader.usable_rows(block).urls
        assert fast == close
        good = [url for row in close if not row.errors for url in row.urls]
        assert usable == good
        findings = tally.finish()
        assert (findings.places, findings.images) == (len(good), len(set(good)))
        assert sum(count for _, count in findings.hosts) == len(good)
    assert fast_blocks > 100


def test_appended_addresses_are_in_the_sequence_in_which_they_were_read() -> None:
    header = ["S. No.", "Product Name", "Image", "Image 2", "Image 3"]
    row = rows_of(make_csv([["1", "Mug", ONE, TWO, THREE]], header=header))[0]
    assert row.urls == (ONE, TWO, THREE)
    assert row.cells == ["1", "Mug", ONE, TWO, THREE]
