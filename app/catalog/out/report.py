"""The CSVs about a request: what became of each place, and the rows that were refused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.catalog.header.detected import Detected
from app.catalog.out.writer import encode_table, write_with_column
from app.domain.results import SHOWN

ERROR_COLUMN = "error"

_BEFORE = (
    "row",
    "position",
    "product_name",
    "serial_number",
    "input_url",
    "output_url",
    "status",
    "kept",
    "reused",
    "error_code",
    "error_message",
    "http_status",
)
_BEHIND = ("attempts", "duration_ms")
REPORT_COLUMNS = (*_BEFORE, *SHOWN, *_BEHIND)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One place of the file: a URL of a product. The fields are `REPORT_COLUMNS`, in their order.

    `row` is the line in the file (header = 1), `position` counts the row's URLs from 1, `facts` are
    those of the result that are `SHOWN`. None where there is nothing to tell.
    """

    row: int
    position: int
    product_name: str
    serial_number: str
    input_url: str
    output_url: str | None
    status: str
    kept: bool | None
    reused: bool
    error_code: str | None
    error_message: str | None
    http_status: int | None
    facts: Sequence[object]
    attempts: int | None
    duration_ms: int | None


def write_report(rows: Iterable[ReportRow]) -> Iterator[bytes]:
    """Write one line per place, in chunks of about 64 KB: comma, UTF-8, CR LF, formulas guarded."""

    def lines() -> Iterator[Sequence[str]]:
        yield REPORT_COLUMNS
        for row in rows:
            before = [getattr(row, name) for name in _BEFORE]
            behind = [getattr(row, name) for name in _BEHIND]
            yield list(map(_text, (*before, *row.facts, *behind)))

    return encode_table(lines())


def write_rows(
    rows: Iterable[tuple[Sequence[str], str]], detected: Detected, *, raw: bool = False
) -> Iterator[bytes]:
    """Write rows of the input as they came, each with what is wrong with it in a column "error".

    The file can be corrected and uploaded as it is: the column "error" is a column like any other.

    Args:
        rows: the cells as they were read, without the header, and the message or messages.
        raw: leave cells as they came, even if a spreadsheet would run them as formulas.
    """
    return write_with_column(rows, ERROR_COLUMN, detected, raw=raw)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
