"""Space that is held back on the disk of the SQLite file, for what makes room there.

A delete writes before any file goes, so that a full disk would allow none. The reserve is a file
that is given up for that, and made again when there is room.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

RESERVE_BYTES = 32 * 1024 * 1024
# Made only where the local store, which stops at 64 MiB, can go on beside it.
ROOM_BYTES = 2 * 64 * 1024 * 1024
# With less than this, SQLite may be unable to open its files.
START_BYTES = 8 * 1024 * 1024
NAME = "reserve"


class Reserve:
    """The file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME

    def make(self) -> None:
        """Make it where it is missing and the disk has room."""
        with suppress(OSError):
            if self._path.exists() or shutil.disk_usage(self._folder).free < ROOM_BYTES:
                return
            with self._path.open("xb") as file:
                try:
                    os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
                except OSError:
                    self._path.unlink()
                    raise

    def give_up(self) -> bool:
        """Free its space; whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        log.warning("disk_reserve_used", bytes=RESERVE_BYTES)
        return True

    def give_up_if_full(self) -> None:
        """Free its space where there is too little for SQLite to open its files."""
        with suppress(OSError):
            if shutil.disk_usage(self._folder).free < START_BYTES:
                self.give_up()
