"""The CSV in: what can be done with an uploaded file.

`detect` finds out how it is to be read, `examine` reads all of it and finds every bad line,
`validate` decides whether it can be used, and `read_rows` gives its rows. docs/csv.md has the
rules, each with an example.
"""

from collections.abc import Iterator
from typing import BinaryIO

from app.catalog.cells.urls import looks_like_path
from app.catalog.header.detect import detect
from app.catalog.header.detected import Detected
from app.catalog.header.sheet import Sheet
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.layouts.platforms import platform_name
from app.catalog.rows.blocks import read_blocks
from app.catalog.rows.input_rows import InputRow
from app.catalog.rows.reader import RowReader
from app.catalog.rows.usable_rows import UsableRows
from app.catalog.tally.findings import Findings
from app.catalog.tally.share_pages import SharePages
from app.catalog.tally.tally import Tally
from app.catalog.text.encodings import CHUNK_BYTES
from app.catalog.text.records import Block
from app.domain.errors import CellError, CsvInvalid

__all__ = [
    "ColumnMapping",
    "Detected",
    "Findings",
    "InputRow",
    "SharePages",
    "Sheet",
    "UsableRows",
    "detect",
    "examine",
    "read_rows",
    "read_usable_rows",
    "validate",
]


def read_rows(
    stream: BinaryIO, detected: Detected, *, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[InputRow]:
    """All rows of the file, good and bad, in their order, in memory that does not grow.

    Args:
        stream: the file that `detected` describes; read from its start, whatever its position.
        chunk_bytes: of the file at once, see `read_blocks`.
    Raises:
        CsvInvalid: a row is so long that it cannot be read (`validate` says so first).
    """
    reader = RowReader(detected)
    for block in read_blocks(stream, detected, chunk_bytes=chunk_bytes):
        yield from reader.rows(block)


def read_usable_rows(stream: BinaryIO, detected: Detected) -> Iterator[UsableRows]:
    """Those rows of `read_rows` that have URLs and no errors, block by block and far quicker.

    Args:
        stream, detected: see `read_rows`.
    Raises:
        CsvInvalid: see `read_rows`.
    """
    reader = RowReader(detected)
    for block in read_blocks(stream, detected):
        yield reader.usable_rows(block)


def validate(
    stream: BinaryIO,
    *,
    max_rows: int,
    encoding: str | None = None,
    columns: ColumnMapping | None = None,
    base_url: str | None = None,
    accept_valid_rows: bool = False,
    sheet: Sheet | None = None,
    shares: SharePages | None = None,
) -> Findings:
    """Read the whole file and count it, or say everything that is wrong with it.

    Args:
        accept_valid_rows: bad rows are findings, not a reason to refuse the good ones.
        stream, max_rows, encoding, columns, base_url, sheet, shares: see `examine`.
    Raises:
        CsvInvalid: it cannot be used; has the first 100 errors and their true count.
        NotACsv, OptionInvalid: see `examine`.
    """
    findings = examine(
        stream,
        max_rows=max_rows,
        encoding=encoding,
        columns=columns,
        base_url=base_url,
        sheet=sheet,
        shares=shares,
    )
    if findings.error_count and not (accept_valid_rows and findings.places):
        raise CsvInvalid(
            _summary(findings),
            findings.errors,
            findings.error_count,
            detected=findings.detected.public(),
        )
    return findings


def examine(
    stream: BinaryIO,
    *,
    max_rows: int,
    encoding: str | None = None,
    columns: ColumnMapping | None = None,
    base_url: str | None = None,
    sheet: Sheet | None = None,
    shares: SharePages | None = None,
) -> Findings:
    """Read the whole file and count it; rows with errors are findings like others.

    Args:
        stream: seekable; left at an unspecified position.
        max_rows: more rows than this are refused, before the rest is read.
        encoding: the encoding that the caller has named; None to find it.
        columns: the columns that the caller has named; None to find them.
        base_url: the beginning of relative paths, without a slash at its end.
        sheet: the sheet that the file was made of; None: it came as it is.
        shares: counts the addresses that are pages of file shares; None: they are not counted.
    Raises:
        NotACsv: the file is of another kind.
        CsvInvalid: it is not a question of single rows: no header, no rows, too many of them ...
        OptionInvalid: `encoding` is unknown.
    """
    detected = detect(stream, encoding=encoding, columns=columns, base_url=base_url, sheet=sheet)
    tally = Tally(detected, shares)
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
    if not detected.layout.is_list and not findings.places and not findings.bad_rows:
        raise _no_images(detected)
    return findings


def _no_images(detected: Detected) -> CsvInvalid:
    images = detected.layout.image_columns
    names = ", ".join(f'"{detected.column_name(index)}"' for index in images)
    kind = "" if detected.platform is None else f", an export of {platform_name(detected.platform)}"
    message = (
        f"The file{kind}, has no image address in any row: {names} "
        f"{'is' if len(images) == 1 else 'are'} empty. Export the products with "
        'their images, or name other columns: columns={"images":["..."]}'
    )
    column = detected.column_name(images[0])
    error = CellError(detected.header_row, column, None, "no_images", message)
    return CsvInvalid(message, [error], 1, detected=detected.public())


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
    advice = _about_good(findings) + _about_paths(findings)
    return f"{rows} {errors}. The first is in {where}: {first.message}{advice}"


def _about_good(findings: Findings) -> str:
    """What to send where other rows are good."""
    if not findings.places:
        return ""
    left_out = "this row is" if findings.bad_rows == 1 else "these rows are"
    return (
        f" To start with the good rows all the same, send accept_valid_rows=true; {left_out} then "
        "left out."
    )


def _about_paths(findings: Findings) -> str:
    """What to send where the file has relative paths, with an example of all that it has."""
    detected = findings.detected
    path = next(
        (
            error.value
            for error in findings.errors
            if error.code == "invalid_url" and error.value and looks_like_path(error.value)
        ),
        None,
    )
    if path is None or detected.base_url is not None:
        return ""
    beside = f' beside full addresses such as "{findings.address}"' if findings.address else ""
    hint = detected.layout.base_url_hint
    return (
        f' The file has relative paths such as "{path}"{beside}: send base_url, the address that '
        f"comes before the paths, for example base_url={hint or 'https://YOUR-SHOP/images'}"
    )
