"""Files that are nothing but mistakes: all are counted, and the first are shown."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.reader import Findings, detect, read_rows, validate
from app.catalog.rows.plain_errors import PlainErrors
from app.domain.errors import CsvInvalid
from tests.unit.catalog.csv_files import ONE, findings_of, refusal_of

HEADERS = ("S. No.,Product Name,Input Image Urls", "Input Image Urls,Note,Product Name,S. No.")
# Enough to be shown; what comes behind them is only counted.
SHOWN = "".join(f"{n},,\n" for n in range(120))
CELLS = st.sampled_from(
    [
        *("", " ", "1", "Mug", "x", "ÿ", "-", "n/a", "a.b", "/a/b.jpg", "//c/d.jpg", "http", "'"),
        *(ONE, f"{ONE} {ONE}", f'"see {ONE}"', "www.a.example/b", "ftp://a/b", "a@b", "a|", "，"),
        *('"a', '"a""b"', '"a\nb"', "a;b", "[1]", "=IMAGE(1)", "&amp;", "a\\b", "\x0b", "x，y"),
    ]
)
LINES = st.lists(st.lists(CELLS, max_size=6).map(",".join), max_size=12)


def counted(data: bytes) -> Findings | CsvInvalid:
    try:
        return validate(io.BytesIO(data), max_rows=10_000, accept_valid_rows=True)
    except CsvInvalid as error:
        return error


def numbers(found: Findings | CsvInvalid) -> tuple[object, ...]:
    if isinstance(found, CsvInvalid):
        return found.error_count, found.errors, found.detail
    counts = found.products, found.places, found.images, found.bad_rows
    return *counts, found.error_count, found.errors, found.warnings


@settings(max_examples=80)
@given(header=st.sampled_from(HEADERS), lines=LINES)
def test_errors_that_are_only_counted_are_those_that_would_be_shown(
    header: str, lines: list[str]
) -> None:
    data = "\n".join([header, f"1,Mug,{ONE},2", SHOWN, *lines, ""]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainErrors, "of", lambda detected: None)
        closely = counted(data)
    assert numbers(counted(data)) == numbers(closely)


def test_a_quote_that_is_never_closed_costs_one_row_of_millions() -> None:
    # More than the longest cell has.
    lines = 180_000
    data = f'{HEADERS[0]}\n1,Mug,{ONE}\n2,Cup,"'.encode() + (b"a" * 49 + b"\n") * lines
    refusal = refusal_of(data, max_rows=10_000_000)
    assert refusal.errors[0].code == "unclosed_quote"
    assert refusal.errors[0].row == 3
    # Each further line has neither a name nor an address.
    assert refusal.error_count == 1 + 2 * (lines - 1)


def test_a_record_of_many_chunks_is_read_as_one() -> None:
    note = "long\r\n" * 100_000
    data = f'{HEADERS[0]},Note\r\n1,Mug,{ONE},"{note}"\r\n2,Cup,{ONE},\r\n'.encode()
    stream = io.BytesIO(data)
    detected = detect(stream)
    rows = list(read_rows(stream, detected))
    assert [row.row for row in rows] == [2, 100_003]
    assert rows[0].cells[3] == note
    assert findings_of(data).places == 2


@settings(max_examples=60)
@given(lines=LINES, chunk=st.integers(16, 400))
def test_the_size_of_a_chunk_changes_no_row(lines: list[str], chunk: int) -> None:
    stream = io.BytesIO("\n".join([HEADERS[0], f"1,Mug,{ONE}", *lines, ""]).encode())
    detected = detect(stream)
    whole = list(read_rows(stream, detected))
    assert list(read_rows(stream, detected, chunk_bytes=chunk)) == whole
