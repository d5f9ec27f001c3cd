"""A ZIP that is sent while it is made: no file on disk, memory for one piece at a time."""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import RawIOBase
from typing import Any, BinaryIO

PIECE_BYTES = 256 * 1024
# Every ZIP needs the date of its files; ours have none that would mean anything.
_DATE = (1980, 1, 1, 0, 0, 0)


class _Outbox(RawIOBase):
    """A file that can only be written: it gives away what it got, and cannot go back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Everything since the last call."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def zip_stream(files: Iterable[tuple[str, BinaryIO | bytes]]) -> Iterator[bytes]:
    """The ZIP of these files, piece by piece.

    Nothing is compressed: pictures are already. Each file is closed when it is in.

    Args:
        files: name in the ZIP, and the open file or its bytes; asked for one after the other.
    """
    outbox = _Outbox()
    # The table of contents, some 300 bytes a file, is all that stays in memory until the end.
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            with archive.open(zipfile.ZipInfo(name, _DATE), "w") as entry:
                if isinstance(content, bytes):
                    entry.write(content)
                    continue
                with closing(content):
                    while piece := content.read(PIECE_BYTES):
                        entry.write(piece)
                        yield outbox.taken()
            yield outbox.taken()
    yield outbox.taken()
