"""Convert one workbook within limits: `python -m app.services.workbook_child SOURCE TARGET ...`.

Says on standard output what came of it: one line of JSON with the sheet or with the refusal.
"""

import errno
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from app.catalog.workbook import write_first_sheet
from app.domain.errors import NotACsv, UploadTooLarge

# Standard streams, the two files, and a module that is imported late.
OPEN_FILES = 16
STATM = Path("/proc/self/statm")
OOM_SCORE = Path("/proc/self/oom_score_adj")


def main(arguments: list[str]) -> None:
    """Convert and tell.

    Args:
        arguments: file descriptors of the workbook and of the CSV, `memory_bytes`, `cpu_seconds`,
            `csv_bytes`.
    """
    source, target, memory_bytes, cpu_seconds, csv_bytes = map(int, arguments)
    _limit_resources(memory_bytes, cpu_seconds, csv_bytes)
    try:
        with os.fdopen(source, "rb") as workbook, os.fdopen(target, "wb") as csv_file:
            answer = asdict(write_first_sheet(workbook, csv_file))
    except (NotACsv, UploadTooLarge) as error:
        answer = {"refused": error.code, "detail": error.detail}
    except MemoryError:
        answer = {"limit": "memory"}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        answer = {"limit": "size"}
    sys.stdout.write(json.dumps(answer))


def _limit_resources(memory_bytes: int, cpu_seconds: int, csv_bytes: int) -> None:
    """Bound what a hostile workbook can take, and let the service go first."""
    os.nice(5)
    if OOM_SCORE.exists():
        # Where memory ends all the same, this process is the one to go.
        OOM_SCORE.write_text("1000", encoding="ascii")
    if STATM.exists():
        # Address space that the libraries reserve differs between systems, so the limit is what
        # the workbook may add to it.
        pages = int(STATM.read_text(encoding="ascii").split()[0])
        memory_bytes += pages * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, csv_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (bounded, bounded))


if __name__ == "__main__":
    main(sys.argv[1:])
