"""What is shown of a file before its work begins."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, BinaryIO

from app.api.upload.form import Upload
from app.catalog.cells.urls import looks_like_path
from app.catalog.header.readings import Reading, readings_to_compare
from app.catalog.layouts.mapping import ColumnMapping
from app.catalog.layouts.platforms import platform_name
from app.catalog.reader import Detected, Findings, detect, examine, read_rows
from app.config import Settings
from app.domain.errors import CellError, CsvInvalid, NotACsv, UploadTooLarge
from app.domain.naming import clean_filename
from app.intake.workbook import Table, open_table
from app.web import words

ERRORS_SHOWN_PER_GROUP = 20
EXAMPLE_CHARS = 80
ROWS_LOOKED_AT = 50
# Those that mean something are shown wherever they are.
COLUMNS_SHOWN = 300

# What choosing other columns may help against.
_ABOUT_COLUMNS = frozenset({"missing_column", "ambiguous_platform"})


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of one kind; `more` of them were read and are not shown."""

    anchor: str
    title: str
    errors: Sequence[CellError]
    more: int


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file: its name, its role (a key of `words.ROLES`, "": kept), a value."""

    index: int
    name: str
    role: str
    example: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A file in the page's form.

    `encoding`, `sheet`, `base_url` and `is_mapped` are what was said about it. Without `findings`
    nothing in it can be used: `problem` says why not, and where the choice of columns may help,
    `columns` are the ones to choose from and `detected` is how they were read.

    Attributes:
        candidates: names of the platforms that are equally likely.
        path: an image address of which the file has only the path.
        readings: names of the file in the encodings that it may have.
        sheets: those of a workbook, and `sheet_read` the one that was read.
    """

    filename: str
    encoding: str
    sheet: str
    base_url: str
    is_mapped: bool
    accepted: bool
    detected: Detected | None = None
    findings: Findings | None = None
    columns: Sequence[ColumnRow] = ()
    columns_hidden: int = 0
    groups: Sequence[ErrorGroup] = ()
    error_count: int = 0
    problem: str = ""
    problem_code: str = ""
    candidates: Sequence[str] = ()
    path: str = ""
    readings: Sequence[Reading] = ()
    sheets: Sequence[str] = ()
    sheet_read: str = ""

    @property
    def is_usable(self) -> bool:
        """True when a row can be used."""
        return self.findings is not None and self.findings.places > 0

    @property
    def is_clean(self) -> bool:
        """True when every row can be used."""
        return self.is_usable and self.error_count == 0

    @property
    def asks_for_columns(self) -> bool:
        """True when somebody has to say what the columns are before anything else."""
        return self.findings is None and bool(self.columns)

    @property
    def kind(self) -> str:
        """What the file was recognised as, as a sentence."""
        if self.detected is None:
            return ""
        return words.kind_of_file(self.platform, is_mapped=self.is_mapped)

    @property
    def platform(self) -> str:
        """The name of the platform whose export it is; empty where it is none's."""
        platform = self.detected.platform if self.detected is not None else None
        return platform_name(platform) if platform is not None else ""

    @property
    def because(self) -> Sequence[str]:
        """The columns by which it was recognised."""
        found: Sequence[str] = self.detected.public()["because"] if self.detected else ()
        return found

    @property
    def names_compared(self) -> int:
        """How many names every reading has."""
        return min((len(each.names) for each in self.readings), default=0)

    def is_read_as(self, reading: Reading) -> bool:
        """Whether the file is read in this encoding now."""
        if self.detected is None:
            return False
        return words.is_same_encoding(reading.encoding, self.detected.encoding)

    @property
    def base_url_hint(self) -> str:
        """What the paths of such a file usually begin with."""
        return self.detected.layout.base_url_hint if self.detected is not None else ""


def look_into(settings: Settings, upload: Upload) -> Preview:
    """Read the whole file as an upload would, and stop at nothing that has a good row left.

    Raises:
        OptionInvalid: the chosen encoding or sheet does not exist.
    """
    preview = Preview(
        filename=clean_filename(upload.filename),
        encoding=upload.encoding or "",
        sheet=upload.sheet or "",
        base_url=upload.base_url or "",
        is_mapped=upload.columns is not None,
        accepted=upload.accept_valid_rows,
    )
    try:
        with open_table(
            upload.content,
            max_bytes=settings.max_upload_bytes,
            wanted=upload.reading.wanted,
        ) as table:
            if table.sheet is not None:
                preview = replace(preview, sheets=table.sheet.names, sheet_read=table.sheet.name)
            try:
                findings = examine(
                    table.content,
                    max_rows=settings.max_rows,
                    encoding=upload.encoding,
                    columns=upload.columns,
                    base_url=upload.base_url,
                    sheet=table.sheet,
                )
            except CsvInvalid as error:
                refused = _refused(preview, table, upload, error)
                return _with_readings(refused, table, upload)
            return _with_readings(_found(preview, table, findings), table, upload)
    except (NotACsv, UploadTooLarge) as error:
        return replace(preview, problem=error.detail)


def _found(preview: Preview, table: Table, findings: Findings) -> Preview:
    paths = [] if preview.base_url else [each for each in findings.errors if _is_path(each)]
    others = [error for error in findings.errors if error not in paths]
    return replace(
        _with_columns(preview, table.content, findings.detected, findings.addable),
        findings=findings,
        groups=_grouped(others),
        error_count=findings.error_count,
        path=(paths[0].value or "") if paths else "",
    )


def _with_readings(preview: Preview, table: Table, upload: Upload) -> Preview:
    if table.sheet is not None:
        return preview
    found = readings_to_compare(table.content, preview.detected, chosen=upload.encoding)
    return replace(preview, readings=found)


def _refused(preview: Preview, table: Table, upload: Upload, error: CsvInvalid) -> Preview:
    """What is wrong with the whole file, and the columns to choose from where that may help."""
    seen = error.detected or {}
    preview = replace(
        preview,
        groups=_grouped(error.errors),
        error_count=error.error_count,
        problem=error.detail,
        problem_code=error.errors[0].code,
        candidates=[platform_name(each) for each in seen.get("candidates", ())],
    )
    columns = upload.columns or _proposed(seen)
    if preview.problem_code == "no_images":
        # The file was recognised; what it was read by says more than a choice of columns can.
        columns = upload.columns
    elif preview.problem_code not in _ABOUT_COLUMNS or columns is None:
        return preview
    try:
        detected = detect(
            table.content,
            encoding=upload.encoding,
            columns=columns,
            base_url=upload.base_url,
            sheet=table.sheet,
        )
        return _with_columns(preview, table.content, detected)
    except CsvInvalid:
        return preview


def _proposed(seen: dict[str, Any]) -> ColumnMapping | None:
    columns = seen.get("columns", {})
    return ColumnMapping.of_names(columns) if columns.get("images") else None


def _with_columns(
    preview: Preview, content: BinaryIO, detected: Detected, addable: Container[str] = ()
) -> Preview:
    layout = detected.layout
    cells = [row.cells for row in islice(read_rows(content, detected), ROWS_LOOKED_AT)]
    roles: dict[int | None, str] = {
        layout.serial_number: "serial_number",
        layout.product_name: "product_name",
        **dict.fromkeys(layout.image_columns, "images"),
    }
    shown = [
        index
        for index, name in enumerate(detected.header)
        if index < COLUMNS_SHOWN or index in roles or name.strip() in addable
    ]
    columns = [
        ColumnRow(
            index,
            detected.header[index].strip(),
            roles.get(index, ""),
            _example(index, cells),
        )
        for index in shown
    ]
    hidden = len(detected.header) - len(shown)
    return replace(preview, detected=detected, columns=columns, columns_hidden=hidden)


def _example(index: int, rows: Sequence[Sequence[str]]) -> str:
    filled = (row[index] for row in rows if index < len(row) and row[index].strip())
    return _short(next(filled, ""))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= EXAMPLE_CHARS else f"{text[: EXAMPLE_CHARS - 1]}…"


def _is_path(error: CellError) -> bool:
    return error.code == "invalid_url" and looks_like_path(error.value or "")


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
