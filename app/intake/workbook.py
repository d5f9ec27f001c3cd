"""An upload -> the CSV to work with: the file itself, or what its workbook is converted to."""

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, BinaryIO, cast

import structlog

from app.catalog.header.sheet import Sheet
from app.catalog.text.kinds import SAVE_SHEET, is_zip
from app.catalog.workbook.wanted import Wanted
from app.confined.start import start_child
from app.domain.errors import (
    NotACsv,
    OptionInvalid,
    RequestError,
    ServiceUnavailable,
    UploadTooLarge,
)
from app.domain.retry import CALL_AGAIN_LATER_SECONDS

log = structlog.get_logger(__name__)

CHILD = "app.intake.workbook_child"
# A sheet of Excel's 1,048,576 rows takes 0.8 GB and 10 s; 40 s where each row has a formula and a
# number format, on a machine that is not the slowest.
MEMORY_BYTES = 1_200_000_000
CPU_SECONDS = 100
WALL_SECONDS = 180.0
# One at a time, for its memory; each that waits holds a thread that other calls need as well.
WAITING_MAX = 6
WAIT_SECONDS = 60.0

_line = BoundedSemaphore(WAITING_MAX + 1)
_turn = BoundedSemaphore(1)

_RECOGNISED = Wanted()


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV to read; `sheet` tells where it comes from when a workbook was uploaded."""

    content: BinaryIO
    sheet: Sheet | None = None


@contextmanager
def open_table(
    content: BinaryIO, *, max_bytes: int, wanted: Wanted = _RECOGNISED
) -> Iterator[Table]:
    """The table in an uploaded file, for the block; a CSV is passed on untouched and unread.

    A workbook is parsed by a child process with limits on memory, time and output, so that a file
    that was made to do harm ends the child and nothing else.

    Args:
        content: seekable; read from its start.
        max_bytes: most that a workbook's CSV may have.
        wanted: which sheet of a workbook, and which columns are meant.
    Raises:
        NotACsv: an archive that is no XLSX workbook, or a damaged one.
        OptionInvalid: no sheet of the workbook has the name that is wanted.
        UploadTooLarge: the workbook unpacks to too much, or takes too long.
        ServiceUnavailable: too many workbooks at once.
    """
    content.seek(0)
    head = content.read(4)
    content.seek(0)
    if not is_zip(head):
        yield Table(content)
        return
    with tempfile.TemporaryFile() as csv_file:
        sheet = _converted(content, cast(BinaryIO, csv_file), max_bytes, wanted)
        yield Table(cast(BinaryIO, csv_file), sheet)


def _converted(content: BinaryIO, csv_file: BinaryIO, max_bytes: int, wanted: Wanted) -> Sheet:
    if not _line.acquire(blocking=False):
        raise _busy()
    try:
        if not _turn.acquire(timeout=WAIT_SECONDS):
            raise _busy()
        try:
            # A file of the child's own: what was uploaded may be in memory, or be read by others.
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(content, copy)
                copy.seek(0)
                answer = _ask_child(copy.fileno(), csv_file.fileno(), max_bytes, wanted)
        finally:
            _turn.release()
    finally:
        _line.release()
    content.seek(0)
    csv_file.seek(0)
    if "limit" in answer or "refused" in answer:
        raise _refusal(answer)
    return Sheet.from_json(answer)


def _ask_child(source: int, target: int, max_bytes: int, wanted: Wanted) -> dict[str, Any]:
    child = start_child(
        CHILD,
        (source, target, MEMORY_BYTES, CPU_SECONDS, max_bytes, wanted.to_text()),
        descriptors=(source, target),
        environment={"MALLOC_ARENA_MAX": "1"},
        stdout=subprocess.PIPE,
    )
    with child:
        try:
            said, _ = child.communicate(timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("workbook_child_overdue")
            return {"limit": "time"}
        finally:
            # No child outlives the call; one that has ended already is left alone.
            child.kill()
    if child.returncode == 0:
        answer: dict[str, Any] = json.loads(said)
        return answer
    log.warning("workbook_child_lost", returncode=child.returncode)
    if child.returncode == -signal.SIGXCPU:
        return {"limit": "time"}
    # The parser ends its process where it gets no memory; the kernel kills where there is none.
    if child.returncode in (-signal.SIGABRT, -signal.SIGKILL):
        return {"limit": "memory"}
    return {"refused": NotACsv.code, "detail": f"The workbook cannot be read: {SAVE_SHEET}."}


def _refusal(answer: dict[str, Any]) -> RequestError:
    if "limit" in answer:
        return UploadTooLarge(
            f"The workbook takes too much {answer['limit']} to read: {SAVE_SHEET}."
        )
    if answer["refused"] == OptionInvalid.code:
        return OptionInvalid(answer["detail"], option="sheet")
    kind = UploadTooLarge if answer["refused"] == UploadTooLarge.code else NotACsv
    return kind(answer["detail"])


def _busy() -> ServiceUnavailable:
    return ServiceUnavailable(
        "Other workbooks are being read; ask again, or send the sheet as a CSV.",
        retry_after_seconds=CALL_AGAIN_LATER_SECONDS,
    )
