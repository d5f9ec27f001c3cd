"""CSV files for the tests, and short ways to read them."""

import csv
import io
from collections.abc import Sequence

import pytest

from app.catalog.reader import Findings, InputRow, detect, read_rows, validate
from app.domain.errors import CellError, CsvInvalid

HEADER = ("S. No.", "Product Name", "Input Image Urls")
ONE = "https://img.example.com/1.jpg"
TWO = "https://img.example.com/2.jpg"
THREE = "https://img.example.com/3.jpg"


def make_csv(
    rows: Sequence[Sequence[str]],
    *,
    header: Sequence[str] = HEADER,
    delimiter: str = ",",
    line_end: str = "\r\n",
    encoding: str = "utf-8",
    mark: bytes = b"",
) -> bytes:
    """A well-formed CSV of these rows in one dialect."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(header)
    writer.writerows(rows)
    return mark + text.getvalue().encode(encoding)


def make_lines(*lines: str, header: str = "S. No.,Product Name,Input Image Urls") -> bytes:
    """A CSV of lines as they are typed, quotes and mistakes included."""
    return "\r\n".join([header, *lines, ""]).encode()


def rows_of(data: bytes, *, encoding: str | None = None) -> list[InputRow]:
    """All rows, good and bad."""
    stream = io.BytesIO(data)
    return list(read_rows(stream, detect(stream, encoding=encoding)))


def urls_of(data: bytes) -> list[tuple[str, ...]]:
    """The URLs of all rows, none of which may have an error."""
    rows = rows_of(data)
    assert [row.errors for row in rows if row.errors] == []
    return [row.urls for row in rows]


def findings_of(data: bytes, *, accept_valid_rows: bool = False) -> Findings:
    """What validation finds in a file that it accepts."""
    return validate(io.BytesIO(data), max_rows=1_000_000, accept_valid_rows=accept_valid_rows)


def refusal_of(data: bytes, *, max_rows: int = 1_000_000) -> CsvInvalid:
    """Why validation refuses a file."""
    with pytest.raises(CsvInvalid) as caught:
        validate(io.BytesIO(data), max_rows=max_rows)
    return caught.value


def only_error_of(data: bytes) -> CellError:
    """The one error for which validation refuses a file."""
    refusal = refusal_of(data)
    assert refusal.error_count == 1
    assert len(refusal.errors) == 1
    return refusal.errors[0]
