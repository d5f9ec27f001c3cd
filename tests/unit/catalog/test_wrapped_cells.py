"""Image cells that are lists, names with addresses, Markdown, pieces of pages and formulas."""

import pytest

from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.cells.wrapped.forms import Form
from app.catalog.cells.written import replaced
from tests.unit.catalog.csv_files import ONE, THREE, TWO, findings_of, make_csv, refusal_of, urls_of
from tests.unit.catalog.test_address_spellings import with_new_addresses

# What is around the addresses stays as it is with output=replace.
CELLS = [
    (Form.LIST, '["@","@"]'),
    (Form.LIST, '[ "@" , "@" ]'),
    (Form.LIST, "['@', '@']"),
    (Form.LIST, "['@' '@']"),
    (Form.LIST, "('@', '@')"),
    (Form.LIST, "[@, @]"),
    (Form.LIST, "{@,@}"),
    (Form.LIST, '{"@","@"}'),
    (Form.LIST, '"@","@"'),
    (Form.LIST, "'@'; '@'"),
    (Form.LIST, '[["@"],["@"]]'),
    (Form.LIST, '[{"src":"@","alt":"front.jpg","id":7},{"src":"@","alt":null}]'),
    (Form.LIST, '["@", null, "@", ""]'),
    (Form.LIST, '["@, @"]'),
    (Form.NAMED, "front.jpg (@),back.jpg (@)"),
    (Form.NAMED, "Mug, left (1).jpg (@), b (@)"),
    (Form.NAMED, "front.jpg(@)\nback.jpg(@)"),
    (Form.MARKDOWN, "![front](@) ![back](@)"),
    (Form.MARKDOWN, '![](@ "Front"),![](<@>)'),
    (Form.MARKDOWN, "[![front](@)](https://shop.example/p), [back](@)"),
    (Form.HTML, '<img src="@" alt="a > b"><img alt=x src=\'@\'/>'),
    (Form.HTML, '<p><a href="https://shop.example/p"><img src=@></a></p><br><IMG SRC="@">'),
    (Form.HTML, '<a href="@">Front view</a>, <a href="@">Back</a>'),
    (Form.HTML, "<@>, <@>"),
    (Form.HTML, '<img src="data:image/gif;base64,AA" data-src="@">&nbsp;<img src="@">'),
]
FORMULAS = [
    '=IMAGE("@")',
    '=image("@", "Front", 1)',
    '=_xlfn.IMAGE("@")',
    '\'=IMAGE("@")',
    '=HYPERLINK("@")',
    '=HYPERLINK("@";"Front")',
    '=HYPERLINK("@","https://a.example/label")',
    '=HYPERLIEN("@";"Face")',
    '=BILD("@")',
    '=HYPERLINK("https://shop.example/p",IMAGE("@"))',
]


def filled(cell: str, *urls: str) -> str:
    for url in urls:
        cell = cell.replace("@", url, 1)
    return cell


@pytest.mark.parametrize(("form", "cell"), CELLS)
def test_addresses_are_read_out_with_one_warning_and_replaced_where_they_are(
    form: Form, cell: str
) -> None:
    data = make_csv([["1", "Mug", filled(cell, ONE, TWO)], ["2", "Cup", filled(cell, TWO, THREE)]])
    assert urls_of(data) == [(ONE, TWO), (TWO, THREE)]
    content = CellReader().read(filled(cell, ONE, TWO), Separator.COMMA)
    assert (content.form, content.urls) == (form, [ONE, TWO])
    [warning] = findings_of(data).warnings
    assert warning.startswith("2 image cells ")
    assert "the first in line 2" in warning
    new = filled(cell, "https://cdn.example/0.jpg", "https://cdn.example/1.jpg")
    assert with_new_addresses(data) == make_csv([["1", "Mug", new], ["2", "Cup", new]])


@pytest.mark.parametrize("cell", FORMULAS)
def test_an_address_is_read_out_of_a_formula(cell: str) -> None:
    data = make_csv([["1", "Mug", filled(cell, ONE)]])
    assert urls_of(data) == [(ONE,)]
    [warning] = findings_of(data).warnings
    assert warning.startswith('1 cell of "Input Image Urls" is a formula (line 2: ')
    new = filled(cell, "https://cdn.example/0.jpg")
    assert with_new_addresses(data) == make_csv([["1", "Mug", new]])


@pytest.mark.parametrize(
    "cell", ['=IMAGE("@")', '<img src="@">', "['@']", "a (@)", '=IMAGE("@",1)']
)
def test_cells_without_quotes_around_them_get_none(cell: str) -> None:
    header = b"S. No.,Product Name,Input Image Urls\n"
    data = header + filled(f"1,Mug,{cell}\n", ONE).encode()
    assert urls_of(data) == [(ONE,)]
    new = filled(f"1,Mug,{cell}\n", "https://cdn.example/0.jpg")
    assert with_new_addresses(data) == header + new.encode()


def test_escapes_of_a_list_are_read() -> None:
    first, second = r"1.jpg?x=1\u0026y=2", r"gr\u00f6\ud83d\ude00.png"
    host = r"https:\/\/a.example\/"
    cell = f'["{host}{first}","{host}{second}"]'
    data = make_csv([["1", "Mug", cell]])
    assert urls_of(data) == [
        ("https://a.example/1.jpg?x=1&y=2", "https://a.example/grö\U0001f600.png")
    ]
    new = '["https://cdn.example/0.jpg","https://cdn.example/1.jpg"]'
    assert with_new_addresses(data) == make_csv([["1", "Mug", new]])
    half = CellReader().read(r'["https://a.example/\ud83d.png"]', Separator.ONE)
    assert half.urls == [r"https://a.example/\ud83d.png"]


def test_entities_and_hosts_first_are_read_in_every_form() -> None:
    assert urls_of(
        make_csv(
            [
                ["1", "Mug", '<img src="//a.example/i?a=1&amp;b=2">'],
                ["2", "Cup", "['//a.example/1.jpg']"],
            ]
        )
    ) == [("https://a.example/i?a=1&b=2",), ("https://a.example/1.jpg",)]


@pytest.mark.parametrize("cell", ["[]", "[ ]", "{}", "[null]", "['']", "[None]", '""', "[nan]"])
def test_an_empty_list_is_no_picture(cell: str) -> None:
    for separator in Separator:
        content = CellReader().read(cell, separator)
        assert (content.urls, content.bad) == ([], [])
    error = refusal_of(make_csv([["1", "Mug", cell], ["2", "Cup", ONE]])).errors[0]
    assert (error.row, error.code) == (2, "missing_value")
    shop = make_csv(
        [["a", "Mug", cell], ["b", "Cup", ONE]], header=["Handle", "Title", "Image Src"]
    )
    assert findings_of(shop).places == 1
    assert not findings_of(shop).warnings


@pytest.mark.parametrize(
    "cell",
    [
        f'["{ONE}", 3]',
        f'["{ONE}"',
        f'["{ONE}"]]',
        f'{{"small":"{ONE}","large":"{TWO}"}}',
        f"a.jpg, b.jpg ({ONE})",
        f"a ({ONE}) b",
        f"{ONE} ({TWO})",
        f"Text ![a]({ONE}) text",
        f"<p>Our mug</p><img src={ONE}>",
        f'<a href="{ONE}">Front',
        f'=CONCATENATE("https://a.example/","{ONE}")',
        f'=IF(A1,IMAGE("{ONE}"),"")',
    ],
)
def test_where_something_is_left_over_the_cell_is_refused(cell: str) -> None:
    refusal = refusal_of(make_csv([["1", "Mug", cell], ["2", "Cup", ONE]]))
    assert {error.code for error in refusal.errors} == {"invalid_url"}


def test_what_is_no_address_in_a_list_is_named() -> None:
    refusal = refusal_of(make_csv([["1", "Mug", f'["{ONE}", "blue", "a.jpg"]']]))
    assert [error.value for error in refusal.errors] == ["blue", "a.jpg"]
    reader = CellReader("https://base.example")
    assert reader.read('["a, b.jpg"]', Separator.COMMA).urls == ["https://base.example/a, b.jpg"]


def test_what_would_end_an_address_in_its_cell_is_encoded() -> None:
    for cell, sign, written in (("['@']", "'", "%27"), ("a (@)", ")", "%29"), ("<@>", ">", "%3E")):
        text = filled(cell, ONE)
        content = CellReader().read(text, Separator.ONE)
        new = replaced(text, content.places, [f"https://cdn.example/a{sign}b.jpg"], Separator.ONE)
        assert new == filled(cell, f"https://cdn.example/a{written}b.jpg")


def test_columns_of_lists_are_further_image_columns_and_are_named_where_they_are_not_read() -> None:
    header = ["S. No.", "Product Name", "Images", "Gallery", "Extra", "Body"]
    row = ["1", "Mug", ONE, f'["{TWO}"]', f"['{THREE}']", f"<p>See <img src='{ONE}'></p>"]
    findings = findings_of(make_csv([row], header=header))
    assert findings.places == 2
    assert list(findings.addable) == ["Extra"]
    escaped = [*row[:4], r'["https:\/\/a.example\/1.jpg"]', row[5]]
    assert list(findings_of(make_csv([escaped] * 3_000, header=header)).addable) == ["Extra"]


def test_a_warning_comes_once_for_each_kind() -> None:
    rows = [[str(n), "Mug", f'["{ONE}"]' if n % 2 else f"a.jpg ({ONE})"] for n in range(1_000)]
    warnings = findings_of(make_csv(rows)).warnings
    assert [each.partition(" (")[0] for each in warnings] == [
        "500 image cells have addresses in parentheses",
        "500 image cells are lists in brackets or quotes",
    ]
