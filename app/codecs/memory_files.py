"""Files without a name, in memory where the system has such files, and sealed there."""

import fcntl
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file by two descriptors: one to change it, one to give away."""

    writer: int
    reader: int

    def empty(self) -> None:
        """Give its memory back; who has it open finds nothing in it any more."""
        os.ftruncate(self.writer, 0)

    def close(self) -> None:
        """Close both descriptors."""
        os.close(self.writer)
        os.close(self.reader)


def picture_file(*parts: bytes) -> MemoryFile:
    """A file of these bytes that nobody can write; it can be emptied.

    Raises:
        OSError: there is no memory or no descriptor for it.
    """
    file = _new_file("picture")
    try:
        _write(file.writer, parts)
        if _can_seal():
            _seal(file.writer, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW)
    except OSError:
        file.close()
        raise
    return file


def shared_memory(size: int) -> int:
    """A file to be mapped by two sides, of this size for good."""
    file = _new_file("codec")
    os.close(file.reader)
    os.ftruncate(file.writer, size)
    if _can_seal():
        # Whoever has it mapped dies at the next look when the other side makes it smaller.
        _seal(file.writer, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return file.writer


def _write(writer: int, parts: Iterable[bytes]) -> None:
    end = 0
    for part in parts:
        if os.pwrite(writer, part, end) < len(part):
            raise OSError("no memory for a picture")
        end += len(part)


def _can_seal() -> bool:
    return hasattr(os, "memfd_create")


def _seal(descriptor: int, seals: int) -> None:
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals | fcntl.F_SEAL_SEAL)


def _new_file(name: str) -> MemoryFile:
    if hasattr(os, "memfd_create"):
        writer = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        return MemoryFile(writer, os.dup(writer))
    with tempfile.NamedTemporaryFile() as file:
        return MemoryFile(os.dup(file.fileno()), os.open(file.name, os.O_RDONLY))
