"""The CSV in: what can be done with an uploaded file.

`detect` finds out how it is to be read, `examine` reads all of it and finds every bad line,
`validate` decides whether it can be used, and `read_rows` gives its rows. docs/csv.md has the
rules, each with an example.
"""

from collections.abc import Iterator
from typing import BinaryIO

from app.catalog.columns import Columns
from app.catalog.detect import detect
from app.catalog.detected import Detected
from app.catalog.findings import Findings, Tally
from app.catalog.records import Block, read_blocks
from app.catalog.rows import InputRow, RowReader
from app.catalog.sheet import Sheet
from app.domain.errors import CellError, CsvInvalid

__all__ = [
    "Columns",
    "Detected",
    "Findings",
    "InputRow",
    "Sheet",
    "detect",
    "examine",
    "read_rows",
    "validate",
]


def read_rows(stream: BinaryIO, detected: Detected) -> Iterator[InputRow]:
    """All rows of the file, good and bad, in their order, in memory that does not grow.

    Args:
        stream: the file that `detected` describes; read from its start, wherever it stands.
    Raises:
        CsvInvalid: a row is so long that it cannot be read (`validate` says so first).
    """
    reader = RowReader(detected)
    for block in read_blocks(stream, detected):
        yield from reader.rows(block)


def validate(
    stream: BinaryIO,
    *,
    max_rows: int,
    encoding: str | None = None,
    accept_valid_rows: bool = False,
    sheet: Sheet | None = None,
) -> Findings:
    """Read the whole file and count it, or say everything that is wrong with it.

    Args:
        accept_valid_rows: bad rows are findings, not a reason to refuse the good ones.
        stream, max_rows, encoding, sheet: see `examine`.
    Raises:
        CsvInvalid: it cannot be used; has the first 100 errors and their true count.
        NotACsv, OptionInvalid: see `examine`.
    """
    findings = examine(stream, max_rows=max_rows, encoding=encoding, sheet=sheet)
    if findings.error_count and not (accept_valid_rows and findings.products):
        raise CsvInvalid(_summary(findings), findings.errors, findings.error_count)
    return findings


def examine(
    stream: BinaryIO,
    *,
    max_rows: int,
    encoding: str | None = None,
    sheet: Sheet | None = None,
) -> Findings:
    """Read the whole file and count it; rows with errors are findings like others.

    Args:
        stream: seekable; left at an unspecified position.
        max_rows: more rows than this are refused, before the rest is read.
        encoding: the encoding that the caller has named; None to find it.
        sheet: the sheet that the file was made of; None: it came as it is.
    Raises:
        NotACsv: the file is of another kind.
        CsvInvalid: it is not a question of single rows: no header, no rows, too many of them ...
        OptionInvalid: `encoding` is unknown.
    """
    detected = detect(stream, encoding=encoding, sheet=sheet)
    tally = Tally(detected)
    for block in read_blocks(stream, detected):
        before = tally.rows
        tally.add(block)
        if tally.rows > max_rows:
            raise _too_many_rows(block, max_rows, max_rows - before)
    findings = tally.finish()
    if not findings.products and not findings.bad_rows:
        message = "The file has a header but no rows. Add a row for each product."
        error = CellError(detected.header_row, None, None, "no_rows", message)
        raise CsvInvalid(message, [error], 1)
    return findings


def _too_many_rows(block: Block, max_rows: int, index: int) -> CsvInvalid:
    # Blank lines in the block may put the row that is one too many a little further down.
    line = block.lines[index]
    message = (
        f"The file has more than {max_rows:,} rows; that is reached at line {line:,}. Split it "
        "into several files."
    )
    return CsvInvalid(message, [CellError(line, None, None, "too_many_rows", message)], 1)


def _summary(findings: Findings) -> str:
    rows = "1 row has" if findings.bad_rows == 1 else f"{findings.bad_rows:,} rows have"
    count = findings.error_count
    errors = "an error" if count == 1 else f"{count:,} errors"
    first = findings.errors[0]
    where = f"row {first.row:,}" + (f", {first.column}" if first.column else "")
    return f"{rows} {errors}. The first is in {where}: {first.message}"
