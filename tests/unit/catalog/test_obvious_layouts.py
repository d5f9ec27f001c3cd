"""Files that are no list with serial numbers and no known export, and that leave no doubt."""

import csv
import io

import pytest

from app.catalog.out.writer import write_output
from app.catalog.reader import Findings, detect, read_rows
from tests.unit.catalog.csv_files import ONE, THREE, TWO, findings_of, make_csv, refusal_of
from tests.unit.catalog.test_replaced_platforms import NEW, with_new

PAGE = "https://shop.example/p/1"
FILM = "https://films.example/1.mp4"


def images_of(findings: Findings) -> list[str]:
    detected = findings.detected
    return [detected.header[index] for index in detected.layout.image_columns]


def output_of(data: bytes) -> list[list[str]]:
    """The output CSV with an address for each that was read."""
    stream = io.BytesIO(data)
    detected = detect(stream)
    rows = (
        (row.cells, [f"{NEW}/{row.row}-{n}.jpg" for n in range(len(row.urls))])
        for row in read_rows(stream, detected)
    )
    text = b"".join(write_output(rows, detected)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("header", "row", "images", "places"),
    [
        (
            ["url", "title", "image", "domain"],
            [PAGE, "Mug", f'["{ONE}","{TWO}"]', PAGE],
            "image",
            2,
        ),
        (["title", "images", "product_link"], ["Mug", f"['{ONE}']", PAGE], "images", 1),
        (["title", "pic"], ["Mug", f"front.jpg ({ONE}),back.jpg ({TWO})"], "pic", 2),
        (["Name", "Image", "SKU"], ["Mug", ONE, "7"], "Image", 1),
        (
            ["ID", "Name", "Categories", "Images"],
            ["7", "Mug", "Cups", f"{ONE}, {TWO}"],
            "Images",
            2,
        ),
        (["Name", "URL", "Images", "SKU"], ["Mug", PAGE, ONE, "7"], "Images", 1),
        (["Name", "Films", "Images", "SKU"], ["Mug", FILM, ONE, "7"], "Images", 1),
    ],
)
def test_a_name_and_images_beside_a_number_or_in_lists_leave_no_doubt(
    header: list[str], row: list[str], images: str, places: int
) -> None:
    findings = findings_of(make_csv([row], header=header))
    assert images_of(findings) == [images]
    assert (findings.products, findings.places) == (1, places)
    # What was assumed is said, with what to send where something else is meant.
    assert f'"{images}" as their images' in findings.warnings[0]
    assert "columns=" in findings.warnings[0]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        # Our own words: whoever has them meant our list, and learns what is missing.
        (["Product Name", "Input Image Urls"], ["Mug", ONE]),
        # Nothing but pages or films.
        (["Name", "SKU", "Link"], ["Mug", "7", PAGE]),
        (["Name", "SKU", "Video"], ["Mug", "7", FILM]),
        # Two columns of which either may be the images.
        (["Name", "front", "back"], ["Mug", ONE, TWO]),
        # Lists without an address.
        (["Name", "tags"], ["Mug", "['blue', 'round']"]),
    ],
)
def test_where_there_is_doubt_somebody_is_asked(header: list[str], row: list[str]) -> None:
    assert refusal_of(make_csv([row], header=header)).errors


def test_further_columns_of_images_are_read_once_and_in_their_order() -> None:
    header = ["SKU", "Name", "Image", "Image 2"]
    findings = findings_of(make_csv([["7", "Mug", ONE, TWO]], header=header))
    assert images_of(findings) == ["Image", "Image 2"]
    assert findings.places == 2


def test_addresses_alone_are_a_list_named_by_their_files() -> None:
    data = f"{ONE}\n{TWO}\nhttps://a.example/\n".encode()
    findings = findings_of(data)
    assert (findings.products, findings.places) == (3, 3)
    stream = io.BytesIO(data)
    rows = list(read_rows(stream, detect(stream)))
    assert [row.row for row in rows] == [1, 2, 3]
    assert [row.product_name for row in rows] == ["1", "2", "a.example"]
    assert output_of(data) == [
        ["Image URL", "Output Image Urls"],
        [ONE, f"{NEW}/1-0.jpg"],
        [TWO, f"{NEW}/2-0.jpg"],
        ["https://a.example/", f"{NEW}/3-0.jpg"],
    ]
    assert with_new(data) == f"{NEW}/1-1.jpg\n{NEW}/2-1.jpg\n{NEW}/3-1.jpg\n".encode()


@pytest.mark.parametrize("header", ["url", "Image URLs", "photo", "src", "Bild"])
def test_addresses_below_one_name_are_a_list_too(header: str) -> None:
    data = f"{header}\r\n{ONE}\r\n{THREE}\r\n".encode()
    assert findings_of(data).places == 2
    assert [row[0] for row in output_of(data)] == [header, ONE, THREE]


def test_an_address_may_have_a_comma_and_a_line_several_addresses() -> None:
    scaled = "https://img.example/w_100,h_80/a.jpg"
    data = f"{scaled}\n{ONE},{TWO}\n".encode()
    stream = io.BytesIO(data)
    assert [row.urls for row in read_rows(stream, detect(stream))] == [(scaled,), (ONE, TWO)]


@pytest.mark.parametrize(
    "lines",
    [
        ["Product page", PAGE, "https://shop.example/p/2"],
        ["name", "Mug", "Cup"],
        [ONE, "and a sentence"],
        # A list without its header, whose names would be taken for parts of addresses.
        [f"{ONE},Mug", f"{TWO},Cup"],
        [f"{PAGE},Mug"],
        [f"{ONE};12"],
        ["Image URL"],
    ],
)
def test_one_column_of_something_else_is_refused(lines: list[str]) -> None:
    assert refusal_of("\n".join([*lines, ""]).encode()).errors
