"""Addresses that are spelled, joined or cut in ways that people's files have."""

import io

import pytest

from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.out.replace import write_replaced
from app.catalog.reader import detect, read_rows
from tests.unit.catalog.csv_files import (
    ONE,
    THREE,
    TWO,
    findings_of,
    make_csv,
    only_error_of,
    rows_of,
    urls_of,
)

AMPERSANDS = [
    "&amp;",
    "&AMP;",
    "&#038;",
    "&#38;",
    "&#0038;",
    "&#x26;",
    "&#X0026;",
    "&amp;amp;",
    "&amp;#038;",
    "&#38;amp;",
    "\\u0026",
    "\\u0026amp;",
]


def with_new_addresses(data: bytes) -> bytes:
    """The file as output=replace gives it."""
    stream = io.BytesIO(data)
    detected = detect(stream)
    rows = (
        (row, [f"https://cdn.example/{place}.jpg" for place in range(len(row.urls))])
        for row in read_rows(io.BytesIO(data), detected)
    )
    return b"".join(write_replaced(stream, detected, rows))


@pytest.mark.parametrize("written", AMPERSANDS)
def test_every_spelling_of_an_ampersand_is_read_and_replaced(written: str) -> None:
    url = f"https://a.example/i?w=1{written}h=2{written}q=3"
    data = make_csv([["1", "Mug", f" {url} ;{url},{ONE}"], ["2", "A &amp; B", TWO]])
    meant = "https://a.example/i?w=1&h=2&q=3"
    assert urls_of(data) == [(meant, meant, ONE), (TWO,)]
    new = with_new_addresses(data).decode().splitlines()
    cell = "https://cdn.example/0.jpg ;https://cdn.example/1.jpg,https://cdn.example/2.jpg"
    assert new[1] == f'1,Mug," {cell}"'
    assert new[2] == "2,A &amp; B,https://cdn.example/0.jpg"


@pytest.mark.parametrize("kept", ["&copy=1", "&ampere=1", "&#39;s", "&a;b", "&amp", "%26amp%3B"])
def test_what_is_no_ampersand_stays(kept: str) -> None:
    url = f"https://a.example/i?w=1{kept}"
    assert urls_of(make_csv([["1", "Mug", f"{url},{ONE}"]])) == [(url, ONE)]


@pytest.mark.parametrize("between", ["，", "、", "；", "｜", "， ", "　；　"])
def test_wide_separators_split(between: str) -> None:
    data = make_csv([["1", "Mug", f"{ONE}{between}{TWO}{between}{THREE}{between}"]])
    assert urls_of(data) == [(ONE, TWO, THREE)]
    assert between.encode() in with_new_addresses(data)


def test_addresses_without_a_scheme_before_their_host_are_https_with_one_warning() -> None:
    data = make_csv(
        [
            ["1", "Mug", "//cdn.example/1.jpg, //cdn.example/2.jpg"],
            ["2", "Cup", f"{ONE},//cdn.example:8080/a//b.jpg"],
            ["3", "Jug", TWO],
        ]
    )
    assert urls_of(data) == [
        ("https://cdn.example/1.jpg", "https://cdn.example/2.jpg"),
        (ONE, "https://cdn.example:8080/a//b.jpg"),
        (TWO,),
    ]
    [warning] = findings_of(data).warnings
    assert warning.startswith(
        "2 image cells have addresses that begin with // (the first in line 2"
    )
    assert b"https://cdn.example/0.jpg, https://cdn.example/1.jpg" in with_new_addresses(data)


def test_unquoted_addresses_without_a_scheme_run_over_like_others() -> None:
    data = b"S. No.,Product Name,Images\n1,Mug,//a.example/1.jpg,//a.example/2.jpg\n"
    assert urls_of(data) == [("https://a.example/1.jpg", "https://a.example/2.jpg")]


@pytest.mark.parametrize(
    "joint",
    [
        "#",
        "+",
        "&",
        "*",
        "~",
        "_",
        "-",
        "\\",
        "·",
        "•",
        "。",
        "(",
        ":",
        "@",
        "\\n",
        ")",
        "%0A",
        "",
        "::",
        "##",
        "++",
    ],
)
def test_another_joint_before_an_address_is_refused_with_what_to_do(joint: str) -> None:
    cell = f"{ONE}{joint}{TWO}"
    error = only_error_of(make_csv([["1", "Mug", cell], ["2", "Cup", TWO]]))
    assert (error.row, error.code, error.value) == (2, "invalid_url", cell)
    assert error.message.startswith("Two addresses are joined")
    assert error.message.endswith("separated by commas.")


@pytest.mark.parametrize(
    "url",
    [
        f"https://p.example/i.php?u={ONE}",
        f"https://p.example/?{ONE}",
        f"https://p.example/fit/300/{ONE}",
        f"https://p.example/i.jpg/{ONE}",
        f"https://p.example/rs:fit/plain:{ONE}",
        f"https://p.example/filters:watermark({ONE},0,0)/{TWO}",
    ],
)
def test_addresses_that_carry_an_address_stay_whole(url: str) -> None:
    assert urls_of(make_csv([["1", "Mug", url], ["2", "Cup", f"{ONE},{url};{TWO}"]])) == [
        (url,),
        (ONE, url, TWO),
    ]


@pytest.mark.parametrize("piece", ["h", "ht", "htt", "http", "https", "http:", "https:", "https:/"])
@pytest.mark.parametrize("between", [",", ";", " ", "|", ", ", "\n"])
def test_a_cell_that_ends_in_a_cut_address_is_refused(piece: str, between: str) -> None:
    cell = f"{ONE}{between}{TWO}{between}{piece}"
    error = only_error_of(make_csv([["1", "Mug", cell], ["2", "Cup", THREE]]))
    assert (error.row, error.code, error.value) == (2, "invalid_url", piece)
    assert "cut off" in error.message


def test_a_letter_behind_a_comma_may_be_part_of_an_address() -> None:
    url = "https://a.example/w_100,h"
    assert urls_of(make_csv([["1", "Mug", url]])) == [(url,)]


@pytest.mark.parametrize("rows_before", [0, 3_000])
def test_a_cell_as_long_as_a_spreadsheet_allows_is_a_warning(rows_before: int) -> None:
    rows = [[str(n), "Mug", ONE] for n in range(rows_before)]
    cell = ",".join([ONE] * 1_100)
    for length, count in ((32_766, 0), (32_767, 1), (32_768, 0)):
        long = cell[: length - 4].rstrip(",") + ".jpg"
        long += "x" * (length - len(long))
        warnings = findings_of(make_csv([*rows, ["n", "Cup", long]])).warnings
        assert len(warnings) == count
        if warnings:
            assert "exactly 32,767 characters" in warnings[0]
            assert f"line {rows_before + 2:,}" in warnings[0]


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("cdn.shop.example/1.jpg", "Write https://cdn.shop.example/1.jpg"),
        ("shop.com/a/1.png?v=1", "Write https://shop.com/a/1.png?v=1"),
        ("www.shop.example/1", "Write https://www.shop.example/1"),
        ("images:8080/1.jpg", "Write https://images:8080/1.jpg"),
        ("192.0.2.7/1.jpg", "Write https://192.0.2.7/1.jpg"),
        ("http://http://a.example/1.jpg", 'Remove the first "http://"'),
        ("https://https//a.example/1.jpg", 'Remove the first "https://"'),
        ("=IMAGE(A2)", "Put the address itself in the cell"),
        ('=IMAGE("https://a.example/"&A2)', "Put the address itself in the cell"),
        (f"Front: see({ONE}) and more", "Leave nothing but the address"),
        (f'["{ONE}","https://a.exa', "does not end like one"),
        (f'[{{"thumb":"{ONE}","large":"{TWO}"}}]', "several addresses for one picture"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do_and_not_with_base_url(
    cell: str, remedy: str
) -> None:
    refusal = only_error_of(make_csv([["1", "Mug", cell], ["2", "Cup", ONE]]))
    assert refusal.code == "invalid_url"
    assert remedy in refusal.message
    assert "base_url" not in refusal.message


def test_a_host_without_its_scheme_is_no_path_of_base_url() -> None:
    reader = CellReader("https://base.example")
    content = reader.read("cdn.shop.example/1.jpg,a/2.jpg,v1.2/3.jpg", Separator.ANY)
    assert content.urls == ["https://base.example/a/2.jpg", "https://base.example/v1.2/3.jpg"]
    assert [each.value for each in content.bad] == ["cdn.shop.example/1.jpg"]


def test_several_paths_in_a_cell_of_one_picture_are_split_where_each_is_one() -> None:
    reader = CellReader("https://base.example")
    for cell, paths in (
        ("a~mv2.jpeg;b~mv2.png", ["a~mv2.jpeg", "b~mv2.png"]),
        ("a/1.jpg, b/2.jpg", ["a/1.jpg", "b/2.jpg"]),
        ("Mug, blue.jpg", ["Mug, blue.jpg"]),
    ):
        content = reader.read(cell, Separator.ONE)
        assert content.urls == [f"https://base.example/{path}" for path in paths]
        assert [cell[start:end] for start, end in content.spans] == paths


def test_backslashes_before_quotes_are_named() -> None:
    for line in (
        '1,"say \\"hi, https://a.example/1.jpg',
        '1,"a \\"b\\", c",https://a.example/1.jpg',
    ):
        data = f"S. No.,Product Name,Images\n{line}\n2,Cup,{ONE}\n".encode()
        [bad] = [row for row in rows_of(data) if row.errors]
        assert 'The row has \\" in it' in bad.errors[0].message
