"""Single lines of another encoding in a file that is UTF-8 else.

Such files are put together of several ones, or edited by a program that knows no UTF-8. Read as
Windows-1252, all of their letters would be wrong; refused, their owner would have to find the line.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# The name under which Python knows how bytes that are no UTF-8 are read: alone, as Windows-1252.
AS_WINDOWS_1252 = "windows-1252-strays"

LINES_NAMED = 3
_VALUE_CHARS = 40
# From this number of lines on, a file in which hardly any line is UTF-8 is in another encoding.
_ENOUGH_LINES = 10_000
_HARDLY_ANY = 10
# What ends a cell, whatever the file's delimiter is.
_CELL_ENDS = re.compile(r"[,;|\t\"\r\n]")


@dataclass(slots=True)
class Strays:
    """What of a file is UTF-8.

    Attributes:
        good: how many lines have letters beyond ASCII and are UTF-8.
        bad: how many lines are not.
        first: of the first of these the number, from 1, and the cell, as it is read.
    """

    good: int = 0
    bad: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    @property
    def are_few(self) -> bool:
        """Whether the file is UTF-8 all the same.

        Text of another encoding has hardly a line that is UTF-8 by chance; the shortest words of
        Chinese and Korean ones are so in one line of seven.
        """
        return self.bad <= self.good

    @property
    def are_most(self) -> bool:
        """Whether the rest of the file need not be looked at to know that it is no UTF-8."""
        return self.bad >= _ENOUGH_LINES and self.bad > _HARDLY_ANY * self.good


def find_strays(blocks: Iterable[bytes]) -> Strays:
    """Look at the lines of a file, which come in blocks of whole lines, until `are_most`."""
    found = Strays()
    before = 0
    for block in blocks:
        lines = block.splitlines()
        first, before = before + 1, before + len(lines)
        if block.isascii():
            continue
        if found.are_most:
            break
        for number, line in enumerate(lines, start=first):
            if line.isascii():
                continue
            try:
                line.decode()
                found.good += 1
            except UnicodeDecodeError as error:
                found.bad += 1
                if len(found.first) < LINES_NAMED:
                    found.first.append((number, _cell_at(line, error.start)))
    return found


def byte_offsets(data: bytes, text: str) -> list[int]:
    """Where each character of such a text starts in its bytes, and where the last one ends."""
    offsets = [0]
    at = 0
    for character in text:
        written = character.encode()
        # A stray byte never begins what would be UTF-8: then it would have been read so.
        at += len(written) if data.startswith(written, at) else 1
        offsets.append(at)
    return offsets


def _cell_at(line: bytes, at: int) -> str:
    before = _CELL_ENDS.split(line[:at].decode("utf-8", AS_WINDOWS_1252))[-1]
    behind = _CELL_ENDS.split(line[at:].decode("utf-8", AS_WINDOWS_1252))[0]
    cell = (before + behind).strip()
    return cell if len(cell) <= _VALUE_CHARS else f"{cell[: _VALUE_CHARS - 3]}..."


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(AS_WINDOWS_1252, _as_windows_1252)
