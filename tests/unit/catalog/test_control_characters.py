"""Control characters but NUL are part of a text; in an address they are a mistake."""

import io

import pytest

from app.catalog.out.replace import write_replaced
from app.catalog.out.writer import write_output
from app.catalog.reader import detect, read_rows, validate
from tests.unit.catalog.csv_files import ONE, TWO, findings_of, make_csv, only_error_of, rows_of

UNSEEN = ["\x01", "\x0b", "\x0c", "\x1a", "\x1c", "\x1d", "\x1e", "\x1f", "\x7f", "\x85", "\u2028"]
HEADER = ["S. No.", "Product Name", "Input Image Urls", "Text"]
NEW = "https://new.example/1.jpg"


def file_with(character: str, *, encoding: str = "utf-8") -> bytes:
    rows = [
        [f"{character}1", f"M{character}ug{character}", ONE, f"{character} two{character * 2}"],
        ["2", "Cup", TWO, f'a "{character}", b'],
    ]
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    header = [*HEADER[:3], f"Te{character}xt"]
    return make_csv(rows, header=header, encoding=encoding, mark=mark)


@pytest.mark.parametrize("character", UNSEEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_names_and_further_columns_keep_them(character: str, encoding: str) -> None:
    data = file_with(character, encoding=encoding)
    detected = detect(io.BytesIO(data))
    assert findings_of(data).warnings == []
    rows = list(read_rows(io.BytesIO(data), detected))
    assert [(row.row, row.urls, row.errors) for row in rows] == [(2, (ONE,), ()), (3, (TWO,), ())]
    # Line ends are those of the record, and nothing else ends one.
    appended = b"".join(write_output(((row.cells, [NEW]) for row in rows), detected, raw=True))
    text = data.decode(encoding).removeprefix("\ufeff")
    lines = text.removesuffix("\r\n").split("\r\n")
    added = ["Output Image Urls", NEW, NEW]
    expected = "".join(f"{line},{cell}\r\n" for line, cell in zip(lines, added, strict=True))
    assert appended.decode("utf-8-sig") == expected
    replaced = b"".join(write_replaced(io.BytesIO(data), detected, ((row, [NEW]) for row in rows)))
    assert replaced == data.replace(ONE.encode(encoding), NEW.encode(encoding)).replace(
        TWO.encode(encoding), NEW.encode(encoding)
    )
    again = rows_of(appended)
    assert [row.cells[:4] for row in again] == [row.cells for row in rows]


@pytest.mark.parametrize("character", UNSEEN)
def test_an_address_with_one_is_refused_with_row_column_and_which(character: str) -> None:
    bad = f"https://img.example.com/a{character}b.jpg"
    error = only_error_of(make_csv([["1", "Mug", ONE], ["2", "Cup", f"{TWO},{bad}"]]))
    assert (error.row, error.column, error.code) == (3, "Input Image Urls", "control_character")
    assert f"U+{ord(character):04X}" in error.message
    assert character not in (error.value or character)


# The last ones have no width: they come along when an address is copied.
@pytest.mark.parametrize(
    "character", ["\x0b", "\x0c", "\x85", "\u2028", "\u200b", "\u200e", "\u202a", "\u2068"]
)
def test_white_space_of_any_kind_around_addresses_separates_them(character: str) -> None:
    (row,) = rows_of(make_csv([["1", "Mug", f"{character}{ONE}{character}{TWO}{character}"]]))
    assert (row.urls, row.errors) == ((ONE, TWO), ())


def test_a_row_with_both_says_both() -> None:
    data = make_csv([["1", "M\0ug", f"{ONE}\x01"], ["2", "Cup", TWO]])
    findings = validate(io.BytesIO(data), max_rows=9, accept_valid_rows=True)
    assert [each.column for each in findings.errors] == ["Product Name", "Input Image Urls"]
