"""Convert one workbook within limits: `python -m app.intake.workbook_child SOURCE TARGET ...`.

Says on standard output what came of it: one line of JSON with the sheet or with the refusal.
"""

import errno
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from app.catalog.layouts.platforms import platforms
from app.catalog.workbook.sheet_csv import write_sheet
from app.catalog.workbook.wanted import Wanted
from app.confined.limits import limit_resources
from app.confined.sandbox import shut_in_with_files
from app.domain.errors import NotACsv, OptionInvalid, UploadTooLarge

OOM_SCORE = Path("/proc/self/oom_score_adj")


def main(arguments: list[str]) -> None:
    """Convert and tell.

    Args:
        arguments: file descriptors of the workbook and of the CSV, `memory_bytes`, `cpu_seconds`,
            `csv_bytes`; and what is wanted of the workbook, as text.
    """
    source, target, memory_bytes, cpu_seconds, csv_bytes = map(int, arguments[:-1])
    wanted = Wanted.from_text(arguments[-1])
    _let_others_go_first()
    # The data file of the platforms, which the sandbox would not open any more.
    platforms()
    limit_resources(memory_bytes, file_bytes=csv_bytes, cpu_seconds=cpu_seconds)
    try:
        with os.fdopen(source, "rb") as workbook, os.fdopen(target, "wb") as csv_file:
            shut_in_with_files()
            answer = asdict(write_sheet(workbook, csv_file, wanted))
    except (NotACsv, UploadTooLarge, OptionInvalid) as error:
        answer = {"refused": error.code, "detail": error.detail}
    except MemoryError:
        answer = {"limit": "memory"}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        answer = {"limit": "size"}
    sys.stdout.write(json.dumps(answer))


def _let_others_go_first() -> None:
    """Take the processor that the service leaves, and be the first to go where memory ends."""
    os.nice(5)
    if OOM_SCORE.exists():
        OOM_SCORE.write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1:])
