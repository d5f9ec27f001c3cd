"""What is one URL, what are two, and what is none."""

import pytest

from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.cells.urls import MAX_URL_CHARS
from tests.unit.catalog.csv_files import ONE, THREE, TWO, make_csv, only_error_of, rows_of, urls_of

COMMA_1 = "https://res.example.com/w_100,h_200,c_fill/v1/shoe.jpg"
COMMA_2 = "https://res.example.com/i?size=100,200&at=1,2"


def read(cell: str) -> tuple[str, ...]:
    """The URLs of a cell without mistakes."""
    content = CellReader().read(cell, Separator.SCHEME)
    assert content.bad == []
    return tuple(place.url for place in content.places)


@pytest.mark.parametrize(
    "between",
    [",", ", ", " , ", ";", "; ", "|", " | ", " ", "\n", "\r\n", ",\n", "\t", ",,", "\xa0"],
)
def test_urls_are_separated_by_comma_semicolon_pipe_and_white_space(between: str) -> None:
    assert read(f"{ONE}{between}{TWO}{between}{THREE}") == (ONE, TWO, THREE)


@pytest.mark.parametrize("between", [",", ";", "|", " ", ", "])
def test_a_comma_inside_a_url_survives(between: str) -> None:
    assert read(f"{COMMA_1}{between}{COMMA_2}{between}{ONE}") == (COMMA_1, COMMA_2, ONE)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example.com/x;y=1/p.jpg",
        "https://a.example.com/a|b.jpg",
        "https://a.example.com/p.jpg?a=1;b=2",
        "https://proxy.example.com/fetch/https://b.example.com/p.jpg",
        "https://proxy.example.com/?url=http://b.example.com/p.jpg",
        "HTTPS://A.EXAMPLE.COM/P.JPG",
        "Http://a.example.com/p.jpg",
        "https://a.example.com/my photo.jpg",
        "https://a.example.com/größe/写真.jpg",
        "https://münchen.example.com/p.jpg",
        "https://a.example.com/p.jpg#front",
        "https://a.example.com",
        "https://a.example.com?id=5",
        "http://127.0.0.1:9000/p.jpg",
        "http://[2001:db8::1]/p.jpg",
        "https://a.example.com/it's(1).jpg",
    ],
)
def test_a_url_is_kept_as_it_stands(url: str) -> None:
    assert read(url) == (url,)
    assert read(f"{ONE}, {url} ,{TWO}") == (ONE, url, TWO)
    assert urls_of(make_csv([["1", "Mug", f"{url},{ONE}"]])) == [(url, ONE)]


def test_separators_and_white_space_around_urls_fall_away() -> None:
    assert read(f" ,\n\ufeff{ONE}\u200b , ; {TWO};\n") == (ONE, TWO)


def test_html_escaped_ampersands_are_read() -> None:
    assert read("https://a.example.com/?a=1&amp;b=2") == ("https://a.example.com/?a=1&b=2",)


def test_the_cell_itself_keeps_its_original_text() -> None:
    cell = " https://a.example.com/?a=1&amp;b=2 , " + ONE
    row = rows_of(make_csv([["1", "Mug", cell]]))[0]
    assert row.cells[2] == cell
    assert row.urls == ("https://a.example.com/?a=1&b=2", ONE)


def test_five_thousand_urls_in_one_cell_are_read() -> None:
    urls = tuple(f"https://a.example.com/{n}.jpg" for n in range(5_000))
    for between in (",", " \n", ";"):
        assert read(between.join(urls)) == urls


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("ftp://a.example.com/1.jpg", "ftp://a.example.com/1.jpg"),
        ("data:image/png;base64,iVBORw0KGgo=", "data:image/png;base64,iVBORw0KGgo="),
        ("front.jpg", "front.jpg"),
        ("/images/1.jpg", "/images/1.jpg"),
        ("///a.example.com/1.jpg", "///a.example.com/1.jpg"),
        ("www.example.com/1.jpg", "www.example.com/1.jpg"),
        ("N/A", "N/A"),
        ("https:/a.example.com/1.jpg", "https:/a.example.com/1.jpg"),
        ("http://", "http://"),
        ("https:///1.jpg", "https:///1.jpg"),
        ("https://?a=1", "https://?a=1"),
        ("https://exa mple.com/1.jpg", "https://exa mple.com/1.jpg"),
        ("https://a.example.com:99999/1.jpg", "https://a.example.com:99999/1.jpg"),
        (f"see {ONE}", "see"),
        (f"{ONE} front view", f"{ONE} front view"),
        (f"{ONE} and {TWO}", f"{ONE} and"),
        (f"{ONE}, front.jpg", f"{ONE}, front.jpg"),
        (f"{ONE}\nfront", f"{ONE}\nfront"),
        (f"{ONE}, ftp://a.example.com/2.jpg", f"{ONE}, ftp://a.example.com/2.jpg"),
        (f"{ONE},www.example.com/2.jpg", f"{ONE},www.example.com/2.jpg"),
        (f"{ONE}{TWO}", f"{ONE}{TWO}"),
        (f"<img alt={ONE}>", f"<img alt={ONE}>"),
        (f'["{ONE}"', f'["{ONE}"'),
        (f"{ONE}<br>", f"{ONE}<br>"),
        ("https://a.example.com/" + "x" * MAX_URL_CHARS, None),
    ],
)
def test_text_that_is_no_url_is_an_error_and_never_dropped(cell: str, value: str | None) -> None:
    data = make_csv([["1", "Mug", cell], ["2", "Cup", TWO]])
    error = only_error_of(data)
    assert (error.row, error.column, error.code) == (2, "Input Image Urls", "invalid_url")
    if value is not None:
        assert error.value == value
    assert error.message


def test_good_urls_beside_a_bad_one_are_kept_and_every_bad_one_is_named() -> None:
    cell = f"x.jpg, {ONE}, http://, {TWO}, https://?, {THREE}"
    content = CellReader().read(cell, Separator.SCHEME)
    assert [place.url for place in content.places] == [ONE, TWO, THREE]
    assert [each.value for each in content.bad] == ["x.jpg", "http://", "https://?"]


def test_long_values_are_cut_to_200_characters() -> None:
    error = only_error_of(make_csv([["1", "Mug", "x" * 5_000]]))
    assert len(error.value or "") == 200
    assert len(error.message) < 300


def test_a_cell_of_nothing_but_separators_takes_no_time() -> None:
    cell = f"{ONE}{',' * 300_000}{' ' * 300_000}x"
    assert only_error_of(make_csv([["1", "Mug", cell]])).code == "invalid_url"
