"""The disk under DATA_DIR: how much room there is, what room is for, and a reserve.

Whoever deletes on a full disk has to write first: SQLite notes a delete in its log before anything
is free, and cannot even be opened without a few pages. So a file of our own keeps space occupied,
and what makes room may use that space. All rules about room are here:

| room, the reserve included | what goes on |
| --- | --- |
| 64 MiB or more | everything |
| 32 to 64 MiB | no uploads; images in work are finished |
| below 32 MiB | images and rows of files wait, too; reading, deleting and cancelling go on |
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from app.domain.errors import StoreError

log = structlog.get_logger(__name__)

MIB = 2**20
UPLOADS_FROM_BYTES = 64 * MIB
WORK_FROM_BYTES = 32 * MIB
# SQLite copies its log into the database file every 4 MiB; a delete has one of these before it.
RESERVE_BYTES = 16 * MIB
# SQLite's index of its log and the pages of one delete; with less not even that goes.
START_BYTES = MIB // 2
# Left free beside a reserve that cannot have its full size, for whatever is written without it.
SPARE_BYTES = MIB
# With less than this beside the reserve a transaction of the worker may fail at any statement.
FULL_BELOW_BYTES = 4 * MIB

RESERVE_NAME = "reserve"
# What `st_blocks` counts, whatever the file system's own blocks are (POSIX leaves it open; Linux,
# macOS and the BSDs agree).
STAT_BLOCK_BYTES = 512


class Disk:
    """The disk of one folder, shared with every process that has the same folder.

    Args:
        folder: gets the reserve; None where nothing of ours is on a disk of this machine, and there
            is always room.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def takes_uploads(self) -> bool:
        """Whether there is room to begin something new; what uploads and /readyz go by."""
        return self._has_room(UPLOADS_FROM_BYTES)

    def takes_work(self) -> bool:
        """Whether there is room to go on with what was accepted."""
        return self._has_room(WORK_FROM_BYTES)

    def is_full(self) -> bool:
        """Whether only what has the reserve can write to the database now."""
        return self._folder is not None and self.free_bytes() < FULL_BELOW_BYTES

    def is_exhausted(self) -> bool:
        """Whether, within `reserve_opened`, there is not even room to open SQLite."""
        return self._folder is not None and self.free_bytes() < START_BYTES

    def check_work(self) -> None:
        """Raise StoreError where there is no room to go on."""
        if not self.takes_work():
            raise StoreError(f"the disk is nearly full: {self.free_bytes() // MIB} MiB are free")

    def free_bytes(self) -> int:
        """What everybody may write now, beside the reserve; 0 for a disk of nobody's."""
        folder = self._folder
        if folder is None:
            return 0
        while True:
            try:
                disk = os.statvfs(folder)
            except FileNotFoundError:
                # Made when something is first written there.
                folder = folder.parent
            else:
                return disk.f_bavail * disk.f_frsize

    @contextmanager
    def reserve_opened(self) -> Iterator[None]:
        """Let the block use the reserve where the disk is nearly full, and fill it up again.

        For what makes room, and for what leads there. Blocks may be nested and may come from
        several threads and processes at once: the last one to end fills the reserve up.
        """
        reserve = self._reserve()
        if reserve is None:
            yield
            return
        try:
            fcntl.flock(reserve, fcntl.LOCK_SH)
            if self.free_bytes() < RESERVE_BYTES:
                os.ftruncate(reserve, 0)
            try:
                yield
            finally:
                self._fill_up(reserve)
        finally:
            os.close(reserve)

    def fill_reserve(self) -> None:
        """Make the reserve, or fill it up where room for it has come from elsewhere."""
        reserve = self._reserve()
        if reserve is not None:
            try:
                self._fill_up(reserve)
            finally:
                os.close(reserve)

    def _has_room(self, wanted_bytes: int) -> bool:
        if self._folder is None:
            return True
        free_bytes = self.free_bytes()
        return free_bytes >= wanted_bytes or free_bytes + self._held_bytes() >= wanted_bytes

    def _held_bytes(self) -> int:
        if self._folder is None:
            return 0
        try:
            return (self._folder / RESERVE_NAME).stat().st_blocks * STAT_BLOCK_BYTES
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def _reserve(self) -> int | None:
        """The reserve's file, opened; None where it can neither be found nor made."""
        if self._folder is None:
            return None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return os.open(self._folder / RESERVE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            log.warning("reserve_not_opened", error=error.strerror)
            return None

    def _fill_up(self, reserve: int) -> None:
        """Make the reserve as large as it should be and can be."""
        try:
            fcntl.flock(reserve, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Somebody is in the middle of a block that uses it: then it is theirs to do.
            return
        size = os.fstat(reserve).st_size
        wanted = min(RESERVE_BYTES, self.free_bytes() + size - SPARE_BYTES)
        if wanted <= size:
            return
        try:
            _occupy(reserve, size, wanted)
        except OSError as error:
            # Somebody took the room in this moment; the next one tries it again.
            os.ftruncate(reserve, size)
            log.warning("reserve_not_filled", error=error.strerror)


def _occupy(file: int, begin: int, end: int) -> None:
    """Give a file space of its own on the disk, not only a length."""
    if sys.platform == "darwin":
        os.pwrite(file, bytes(end - begin), begin)
    else:
        os.posix_fallocate(file, begin, end - begin)
