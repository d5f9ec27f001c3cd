"""Files that are no list with serial numbers and no known export, and that leave no doubt."""

import csv
import io

import pytest

from app.catalog.out.writer import write_output
from app.catalog.reader import Findings, detect, read_rows, validate
from tests.unit.catalog.csv_files import ONE, THREE, TWO, findings_of, make_csv, refusal_of
from tests.unit.catalog.test_replaced_platforms import NEW, with_new

PAGE = "https://shop.example/p/1"
FILM = "https://films.example/1.mp4"
PAPER = "https://files.example/m.pdf"


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
        (["title", "images"], ["Mug", f'[{{"src":"{ONE}","alt":"a"}}]'], "images", 1),
        (["title", "pic"], ["Mug", f"front.jpg ({ONE}),back.jpg ({TWO})"], "pic", 2),
        # The names of the files tell what the addresses do not.
        (
            ["Name", "Attachments"],
            ["Mug", f"a.jpg ({PAGE}),b (2).png ({PAGE}/b)"],
            "Attachments",
            2,
        ),
        (["Name", "Image", "SKU"], ["Mug", ONE, "7"], "Image", 1),
        # In the languages whose exports are known.
        (["Artikelnummer", "Name", "Bild"], ["7", "Mug", ONE], "Bild", 1),
        (["SKU", "Nazwa", "Obrazki"], ["7", "Mug", f"{ONE}, {TWO}"], "Obrazki", 2),
        (["Артикул", "Имя", "Изображения"], ["7", "Mug", ONE], "Изображения", 1),
        (["SKU", "İsim", "Görseller"], ["7", "Mug", ONE], "Görseller", 1),
        (["SKU", "名前", "画像"], ["7", "Mug", ONE], "画像", 1),
        (
            ["ID", "Name", "Categories", "Images"],
            ["7", "Mug", "Cups", f"{ONE}, {TWO}"],
            "Images",
            2,
        ),
        (["Name", "URL", "Images", "SKU"], ["Mug", PAGE, ONE, "7"], "Images", 1),
        (["Name", "Films", "Images", "SKU"], ["Mug", FILM, ONE, "7"], "Images", 1),
        # Lists of pages and films, and documents, are no images beside those that are.
        (["id", "title", "related", "image"], ["7", "Mug", f'["{PAGE}"]', ONE], "image", 1),
        (["id", "title", "image", "urls"], ["7", "Mug", f'["{ONE}"]', f'["{PAGE}"]'], "image", 1),
        (["title", "videos", "image"], ["Mug", f'["{FILM}"]', f'["{ONE}"]'], "image", 1),
        (["Name", "Manual", "Photos"], ["Mug", f"m.pdf ({PAPER})", f"a.jpg ({PAGE})"], "Photos", 1),
        # An address that ends in nothing known may be a picture, where the name says that.
        (["Name", "Image", "SKU"], ["Mug", f"{PAGE}.php?id=1", "7"], "Image", 1),
    ],
)
def test_a_name_and_images_beside_a_number_or_in_lists_leave_no_doubt(
    header: list[str], row: list[str], images: str, places: int
) -> None:
    findings = findings_of(make_csv([row], header=header))
    assert images_of(findings) == [images]
    assert (findings.products, findings.places) == (1, places)
    # What was assumed is said, with what to send where something else is meant.
    assert f'"{images}" as images' in findings.warnings[0]
    assert "columns=" in findings.warnings[0]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        # Our own words: whoever has them meant our list, and learns what is missing.
        (["Product Name", "Input Image Urls"], ["Mug", ONE]),
        # Nothing but pages, films or documents, whatever their columns are called.
        (["Name", "SKU", "Link"], ["Mug", "7", PAGE]),
        (["Name", "SKU", "Video"], ["Mug", "7", FILM]),
        (["Name", "SKU", "Images"], ["Mug", "7", FILM]),
        (["Name", "SKU", "Image"], ["Mug", "7", f"{PAGE}.html"]),
        (["Name", "SKU", "videos"], ["Mug", "7", f'["{FILM}"]']),
        (["Name", "SKU", "related"], ["Mug", "7", f'["{PAGE}","{PAGE}/2"]']),
        (["Name", "Manual"], ["Mug", f"m.pdf ({PAPER})"]),
        (["Name", "Brand"], ["Mug", "Acme (https://acme.example)"]),
        # Pictures of something else.
        (["Name", "SKU", "Brand image"], ["Mug", "7", ONE]),
        # Two columns of which either may be the images.
        (["Name", "front", "back"], ["Mug", ONE, TWO]),
        (["Name", "SKU", "front", "back"], ["Mug", "7", ONE, TWO]),
        # Lists without an address.
        (["Name", "tags"], ["Mug", "['blue', 'round']"]),
        # Objects of which it cannot be said which address is the picture.
        (["Name", "images"], ["Mug", f'[{{"thumb":"{ONE}","large":"{TWO}"}}]']),
    ],
)
def test_where_there_is_doubt_somebody_is_asked(header: list[str], row: list[str]) -> None:
    assert refusal_of(make_csv([row], header=header)).errors


def test_pages_are_called_what_they_are_and_not_proposed() -> None:
    for header in (["Name", "SKU", "Image"], ["url"]):
        row = ["Mug", "7", f"{PAGE}.html"][-len(header) :]
        refusal = refusal_of(make_csv([row], header=header))
        assert "they lead to pages, films or documents" in refusal.detail
        assert refusal.detected is None


def test_the_warning_names_all_that_is_read_and_what_else_could_be_the_name() -> None:
    header = ["SKU", "Title", "Name", "Image", "Photo", "Brand"]
    data = make_csv([["7", "Mug", "x", ONE, TWO, "y"]], header=header)
    warning = findings_of(data).warnings[0]
    assert '"Image", "Photo" as images, "Title" (not "Name") as the products\' names' in warning
    assert '"SKU" as their numbers' in warning
    twice = make_csv([["7", "Mug", "x", ONE]], header=["SKU", "Name", "Name", "Image"])
    assert '"Name" in column 2 (not "Name" in column 3)' in findings_of(twice).warnings[0]


def test_paths_leave_no_doubt_where_it_is_known_what_stands_before_them() -> None:
    data = make_csv([["7", "Mug", "a/1.jpg"]], header=["SKU", "Name", "Image"])
    assert "base_url=" in refusal_of(data).detail
    findings = validate(io.BytesIO(data), max_rows=9, base_url="https://a.example")
    assert (images_of(findings), findings.places) == (["Image"], 1)


@pytest.mark.parametrize(
    "cell",
    [
        f'"[""{ONE}"", ""{TWO}""]"',
        f"\"['{ONE}', '{TWO}']\"",
        f'"a.jpg ({ONE}),b (2).jpg ({TWO})"',
    ],
)
def test_lists_keep_their_brackets_quotes_and_names(cell: str) -> None:
    data = f"id,title,images\r\n7,Mug,{cell}\r\n8,Cup,[]\r\n".encode()
    new = data.replace(ONE.encode(), f"{NEW}/2-1.jpg".encode())
    assert with_new(data) == new.replace(TWO.encode(), f"{NEW}/2-2.jpg".encode())
    assert [row[3] for row in output_of(data)[1:]] == [f"{NEW}/2-0.jpg,{NEW}/2-1.jpg", ""]


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


@pytest.mark.parametrize("word", ["-", "N/A", '""'])
def test_a_line_may_have_no_picture_and_a_comma_at_its_end(word: str) -> None:
    findings = findings_of(f"image\n{ONE},\n{word}\n{TWO},\n".encode())
    assert (findings.places, findings.bad_rows) == (2, 0)


def test_addresses_that_may_be_pages_are_read_with_a_warning() -> None:
    data = f"{PAGE}\n{PAGE}/2\n".encode()
    findings = findings_of(data)
    assert findings.places == 2
    assert f'few of its addresses end as those of pictures do ("{PAGE}")' in findings.warnings[0]
    assert findings_of(f"Image URL\n{data.decode()}".encode()).warnings == []
    assert findings_of(f"{ONE}\n{TWO}\n{PAGE}\n".encode()).warnings == []


def test_paths_and_addresses_without_scheme_alone_say_what_they_lack() -> None:
    paths = b"a/1.jpg\na/2.jpg\n"
    refusal = refusal_of(paths)
    assert (refusal.errors[0].row, refusal.error_count) == (1, 2)
    assert "base_url=https://" in refusal.detail
    found = validate(io.BytesIO(paths), max_rows=9, base_url="https://a.example/x")
    assert found.places == 2
    assert "Write https://www.a.example/1.jpg" in refusal_of(b"www.a.example/1.jpg\n").detail


@pytest.mark.parametrize(
    "lines",
    [
        ["Product page", PAGE, "https://shop.example/p/2"],
        ["url", f"{PAGE}.html", "https://shop.example/"],
        [f"{PAGE}.html", f"{PAGE}.htm?x=1"],
        ["link", FILM],
        ["Image URL", FILM],
        ["videos", FILM, ONE],
        ["catalogue", PAGE, f"{ONE}"],
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
