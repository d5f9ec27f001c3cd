"""The lines of a file as they are, byte for byte, and records within them."""

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from app.catalog.header.detected import Detected
from app.catalog.text.encodings import SMALL_CHUNK_BYTES, WIDE, Encoding, decoded, line_blocks
from app.catalog.text.lines import end_of_last_line, split_lines
from app.catalog.text.strays import byte_offsets


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line with its end: as it is in the file, and as text."""

    data: bytes
    text: str


class RawRecords:
    """Walks a file record by record and leaves its bytes as they are.

    Numbers are those of `InputRow.row`: lines of the file, or records where it was made of a
    workbook.

    Args:
        stream: read from its start.
    """

    def __init__(self, stream: BinaryIO, detected: Detected) -> None:
        self._detected = detected
        self._lines = raw_lines(stream, detected)
        self._waiting: deque[RawLine] = deque()
        self._next_number = 1

    def before(self, number: int) -> Iterator[bytes]:
        """Everything before the record with this number."""
        while self._next_number < number:
            if self._detected.workbook:
                lines, _ = self.take()
            else:
                line = self._next_line()
                lines = [line] if line else []
                self._next_number += 1
            if not lines:
                return
            yield from (line.data for line in lines)

    def take(self) -> tuple[list[RawLine], bool]:
        """The lines of the next record, and whether it is one by the strict rules of CSV.

        A record that is none is a line, as for `RecordParser`.
        """
        taken: list[RawLine] = []

        def feed() -> Iterator[str]:
            while (line := self._next_line()) is not None:
                taken.append(line)
                yield line.text

        try:
            next(self._detected.dialect.strict_rows(feed()), None)
            is_strict = True
        except csv.Error:
            self._waiting.extendleft(reversed(taken[1:]))
            taken = taken[:1]
            is_strict = False
        self._next_number += 1 if self._detected.workbook else len(taken)
        return taken, is_strict

    def rest(self) -> Iterator[bytes]:
        """Everything that has not been given yet."""
        while (line := self._next_line()) is not None:
            yield line.data

    def _next_line(self) -> RawLine | None:
        if self._waiting:
            return self._waiting.popleft()
        return next(self._lines, None)


def raw_lines(stream: BinaryIO, detected: Detected) -> Iterator[RawLine]:
    """The lines of a file without its byte order mark, as `split_lines` has them."""
    encoding = detected.text_encoding
    if encoding.name in WIDE:
        # Every text in these encodings is written in one way, so that it can be encoded again.
        rest = ""
        for text, _ in decoded(stream, encoding, SMALL_CHUNK_BYTES):
            rest += text
            cut = end_of_last_line(rest)
            for line in split_lines(rest[:cut], clean=False):
                yield RawLine(line.encode(encoding.name), line)
            rest = rest[cut:]
        for line in split_lines(rest, clean=False):
            yield RawLine(line.encode(encoding.name), line)
        return
    for block in line_blocks(stream, encoding, SMALL_CHUNK_BYTES):
        yield from _lines_of(block, encoding)


def byte_order_mark(detected: Detected) -> bytes:
    """The bytes at the file's start that tell its encoding; none where it has no such mark."""
    return "\ufeff".encode(detected.encoding) if detected.bom else b""


def edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """A text with other text in some places of it; `edits` as for `spliced`."""
    parts, at = [], 0
    for start, end, value in edits:
        parts += [text[at:start], value]
        at = end
    return "".join([*parts, text[at:]])


def spliced(
    lines: Sequence[RawLine], edits: Sequence[tuple[int, int, str]], encoding: Encoding
) -> bytes:
    """The bytes of a record with other text in some places of it, and no other byte changed.

    Args:
        edits: start and end in the record's text, and what comes there; in their order.
    """
    data = b"".join(line.data for line in lines)
    record = "".join(line.text for line in lines)
    if record.encode(encoding.name) == data:
        return edited(record, edits).encode(encoding.name)
    if encoding.has_strays:
        offsets = byte_offsets(data, record)
    else:
        # Some encodings of East Asia have two ways to write a character; Python writes one.
        offsets = _byte_offsets(data, encoding.name)
    parts, at = [], 0
    for start, end, text in edits:
        parts += [data[offsets[at] : offsets[start]], text.encode(encoding.name)]
        at = end
    return b"".join([*parts, data[offsets[at] :]])


def _byte_offsets(data: bytes, encoding: str) -> list[int]:
    """Where each character starts, and where the last one ends."""
    offsets = [0]
    start = 0
    for end in range(1, len(data) + 1):
        try:
            characters = len(data[start:end].decode(encoding))
        except UnicodeDecodeError:
            continue
        offsets.extend([end] * characters)
        start = end
    return offsets


def _lines_of(data: bytes, encoding: Encoding) -> Iterator[RawLine]:
    texts = io.StringIO(data.decode(encoding.name, encoding.errors), newline="")
    for line, text in zip(data.splitlines(keepends=True), texts, strict=True):
        yield RawLine(line, text)
