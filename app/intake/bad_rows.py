"""The rows of an upload that cannot be used, as a CSV to correct and to upload again."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

from app.catalog.out.report import write_rows
from app.catalog.reader import Detected, examine, read_rows
from app.config import Settings
from app.domain.naming import clean_filename
from app.intake.check import Reading
from app.intake.workbook import open_table
from app.results.outputs import CSV, Download, name_of


def bad_rows_csv(
    settings: Settings,
    *,
    content: BinaryIO,
    filename: str,
    reading: Reading,
) -> Download:
    """Every row with an error as it came, and in a column `error` what is wrong and in which line.

    Args:
        content: seekable; it has to stay open while the download is made.
    Raises:
        CsvInvalid: what is wrong is not a question of single rows (`examine`).
        NotACsv, UploadTooLarge, OptionInvalid, ServiceUnavailable: see `examine`, `open_table`.
    """
    with ExitStack() as stack:
        table = stack.enter_context(
            open_table(content, max_bytes=settings.max_upload_bytes, wanted=reading.wanted)
        )
        # Read to its end before the first byte goes out: what is raised later would cut it off.
        detected = examine(
            table.content,
            max_rows=settings.max_rows,
            encoding=reading.encoding,
            columns=reading.columns,
            base_url=reading.base_url,
            sheet=table.sheet,
        ).detected
        chunks = _chunks(table.content, detected, stack.pop_all())
    return Download(name_of(clean_filename(filename), "errors"), CSV, chunks)


def write_bad_rows(content: BinaryIO, detected: Detected) -> Iterator[bytes]:
    """The rows with an error, each with its place in the file and what is wrong with it."""
    place = "Row" if detected.workbook else "Line"
    rows = (
        (row.cells, f"{place} {row.row}: {' '.join(error.message for error in row.errors)}")
        for row in read_rows(content, detected)
        if row.errors
    )
    return write_rows(rows, detected)


def _chunks(content: BinaryIO, detected: Detected, opened: ExitStack) -> Iterator[bytes]:
    with opened:
        yield from write_bad_rows(content, detected)
