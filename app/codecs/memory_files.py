"""Files without a name, in memory where the system has such files, and sealed there."""

import errno
import fcntl
import os
import tempfile
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file by two descriptors, one to change it, one to give away; one for both if sealed."""

    writer: int
    reader: int

    def empty(self) -> None:
        """Give its memory back; who has it open finds nothing in it any more."""
        os.ftruncate(self.writer, 0)

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in {self.writer, self.reader}:
            os.close(descriptor)


def picture_file(*parts: bytes) -> MemoryFile:
    """A file of these bytes, one part behind the other, that nobody can write; it can be emptied.

    Raises:
        OSError: there is no memory or no descriptor for it.
    """
    file = _new_file("picture")
    try:
        if os.writev(file.writer, parts) < sum(map(len, parts)):
            raise OSError(errno.ENOMEM, "no memory for a picture")  # noqa: TRY301
        if _can_seal():
            _seal(file.writer, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW)
    except OSError:
        file.close()
        raise
    return file


def shared_memory(size: int) -> int:
    """A file to be mapped by two sides, of this size for good."""
    file = _new_file("codec")
    os.ftruncate(file.writer, size)
    if _can_seal():
        # Whoever has it mapped dies at the next look when the other side makes it smaller.
        _seal(file.writer, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    else:
        os.close(file.reader)
    return file.writer


def _can_seal() -> bool:
    return hasattr(os, "memfd_create")


def _seal(descriptor: int, seals: int) -> None:
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals | fcntl.F_SEAL_SEAL)


def _new_file(name: str) -> MemoryFile:
    if hasattr(os, "memfd_create"):
        writer = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        return MemoryFile(writer, writer)
    with tempfile.NamedTemporaryFile() as file:
        return MemoryFile(os.dup(file.fileno()), os.open(file.name, os.O_RDONLY))
