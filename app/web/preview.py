"""What is shown of a file before its work begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from app.api.form import Upload
from app.catalog.reader import Findings, read_rows, validate
from app.config import Settings
from app.domain.errors import CellError, CsvInvalid, NotACsv, UploadTooLarge
from app.services.submit import clean_filename
from app.services.tables import open_table
from app.web import words

ERRORS_SHOWN_PER_GROUP = 20
EXAMPLE_CHARS = 80
ROWS_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of one kind; `more` of them were read and are not shown."""

    anchor: str
    title: str
    errors: Sequence[CellError]
    more: int


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file: its name, what it is taken for (None: kept as it is), a value."""

    name: str
    meaning: str | None
    example: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The findings in the page's form.

    `findings` is None where nothing in the file can be used; `problem` says then why not.
    """

    filename: str
    encoding: str
    findings: Findings | None = None
    columns: Sequence[ColumnRow] = ()
    groups: Sequence[ErrorGroup] = ()
    error_count: int = 0
    problem: str = ""
    accepted: bool = False

    @property
    def is_clean(self) -> bool:
        """True when every row can be used."""
        return self.findings is not None and self.error_count == 0


def look_into(settings: Settings, upload: Upload) -> Preview:
    """Read the whole file as an upload would, and stop at nothing that has a good row left.

    Raises:
        OptionInvalid: the chosen encoding does not exist.
    """
    filename = clean_filename(upload.filename)
    encoding = upload.encoding or ""
    try:
        with open_table(upload.content, max_bytes=settings.max_upload_bytes) as table:
            findings = validate(
                table.content,
                max_rows=settings.max_rows,
                encoding=upload.encoding,
                columns=upload.columns,
                base_url=upload.base_url,
                accept_valid_rows=True,
                sheet=table.sheet,
            )
            columns = _columns(table.content, findings)
    except (NotACsv, UploadTooLarge) as error:
        return Preview(filename, encoding, problem=error.detail)
    except CsvInvalid as error:
        return Preview(
            filename,
            encoding,
            groups=_grouped(error.errors),
            error_count=error.error_count,
            problem=error.detail,
        )
    return Preview(
        filename,
        encoding,
        findings=findings,
        columns=columns,
        groups=_grouped(findings.errors),
        error_count=findings.error_count,
        accepted=upload.accept_valid_rows,
    )


def _columns(content: BinaryIO, findings: Findings) -> list[ColumnRow]:
    detected = findings.detected
    places = detected.columns
    rows = read_rows(content, detected)
    cells = [row.cells for row in islice(rows, ROWS_LOOKED_AT) if not row.errors]
    meanings: dict[int | None, str] = {
        places.serial_number: "Serial number",
        places.product_name: "Product name",
        **dict.fromkeys(detected.image_columns, "Image addresses"),
    }
    return [
        ColumnRow(
            detected.column_name(index),
            meanings.get(index),
            next((_short(row[index]) for row in cells if row[index].strip()), ""),
        )
        for index in range(len(detected.header))
    ]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= EXAMPLE_CHARS else f"{text[: EXAMPLE_CHARS - 1]}…"


def _grouped(errors: Sequence[CellError]) -> list[ErrorGroup]:
    kinds: dict[tuple[str, str | None], list[CellError]] = {}
    for error in errors:
        kinds.setdefault((error.code, error.column), []).append(error)
    return [
        ErrorGroup(
            anchor=f"errors-{number}",
            title=words.CELL_PROBLEMS.get(code, "A row cannot be used")
            + (f" in “{column}”" if column else ""),
            errors=found[:ERRORS_SHOWN_PER_GROUP],
            more=max(len(found) - ERRORS_SHOWN_PER_GROUP, 0),
        )
        for number, ((code, column), found) in enumerate(kinds.items(), start=1)
    ]
