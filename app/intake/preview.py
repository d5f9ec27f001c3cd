"""Say what an upload of a file would find; nothing is stored."""

from typing import Any, BinaryIO

from app.config import Settings
from app.domain.naming import clean_filename
from app.domain.options import ProcessingOptions
from app.intake.check import Reading, check_upload, found, message
from app.intake.workbook import open_table


def preview(
    settings: Settings,
    *,
    content: BinaryIO,
    filename: str,
    options: ProcessingOptions,
    reading: Reading,
) -> dict[str, Any]:
    """What was found in the file.

    Args:
        content: the file, open and seekable.
    Raises:
        RequestError: the file cannot be used; see `catalog.reader.validate`, `open_table`.
    """
    with open_table(content, max_bytes=settings.max_upload_bytes, wanted=reading.wanted) as table:
        findings = check_upload(settings, table, reading)
    return {
        "dry_run": True,
        "filename": clean_filename(filename),
        "message": message(findings, "can be processed"),
        **found(findings),
        "options": options.model_dump(mode="json"),
    }
