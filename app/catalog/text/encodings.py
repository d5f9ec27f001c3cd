"""Which encoding a file has, and its bytes as text, chunk by chunk."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from app.catalog.text.strays import AS_WINDOWS_1252, find_strays
from app.catalog.text.tail import text_end
from app.domain.errors import CellError, CsvInvalid, OptionInvalid

CHUNK_BYTES = 256 * 1024
# For files that are read while an answer is sent: a slow client keeps this much in lines and cells.
SMALL_CHUNK_BYTES = 16 * 1024

# NUL, which no cell may hold, and those that no address may; TAB, LF and CR are layout.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# UTF-32 comes before UTF-16: its little-endian mark begins with that of UTF-16.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# In these, a byte of a line's end may be a part of another character.
WIDE = {"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"}

# A caller may choose one of these, by any name that Python knows them by. A list, because some
# codecs of Python are no text encodings and some take time that grows with the square of the input.
_CHOICE_NAMES = """
    utf-8 utf-16-le utf-16-be utf-32-le utf-32-be ascii iso8859-1 iso8859-2 iso8859-3 iso8859-4
    iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14
    iso8859-15 iso8859-16 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp850
    cp852 cp858 cp866 cp874 koi8-r koi8-u mac-roman mac-cyrillic mac-latin2 shift_jis cp932 euc_jp
    gbk gb18030 big5 cp950 euc_kr cp949
"""
_CHOICES = {codecs.lookup(name).name for name in _CHOICE_NAMES.split()}
_WITHOUT_MARK = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}

_SAMPLE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's bytes become text.

    Attributes:
        guessed: nothing in the file proves it.
        bom: the file begins with a byte order mark.
        has_strays: some of its lines are in another encoding (`strays`).
    """

    name: str
    guessed: bool
    bom: bool
    has_strays: bool = False

    @property
    def errors(self) -> str:
        """What Python is to do with bytes that are none of this encoding's."""
        return AS_WINDOWS_1252 if self.has_strays else "strict"


def find_encoding(stream: BinaryIO, *, chosen: str | None = None) -> Encoding:
    """Read the file from start to end and say in which encoding all of it can be read.

    A byte order mark decides; then the caller's choice; then UTF-16 by its pattern of zero bytes;
    then UTF-8 if every byte of the file agrees, or all but those of some lines; and Windows-1252 as
    a guess if not. The entire file is read because the first byte that is not UTF-8 may be in its
    last row, and because rows read by then could not be taken back.

    Raises:
        OptionInvalid: `chosen` is no encoding that we read.
        CsvInvalid: the bytes are not text in the one encoding that is possible.
    """
    end = text_end(stream, 0, "")
    stream.seek(0)
    head = stream.read(min(_SAMPLE_BYTES, end))
    wanted = _choice(chosen) if chosen else _wide_by_zero_bytes(head)
    for mark, marked in _MARKS:
        if head.startswith(mark):
            found = Encoding(marked, guessed=False, bom=True)
            if marked != "utf-8":
                return _proved(stream, found)
            return found if _is_text(stream, found) else replace(found, has_strays=True)
    if wanted is not None:
        return _proved(stream, Encoding(wanted, guessed=False, bom=False))
    utf_8 = Encoding("utf-8", guessed=False, bom=False)
    if _is_text(stream, utf_8):
        return utf_8
    if find_strays(line_blocks(stream, utf_8)).are_few:
        return replace(utf_8, has_strays=True)
    return _proved(stream, Encoding("cp1252", guessed=True, bom=False))


def decoded(
    stream: BinaryIO, encoding: Encoding, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[tuple[str, bool]]:
    """The file's text from its start, in chunks, each with True where no control character is.

    Raises:
        UnicodeDecodeError: the bytes are not in this encoding; `find_encoding` has proved it.
    """
    decoder = codecs.getincrementaldecoder(encoding.name)(encoding.errors)
    wide = encoding.name in WIDE
    for chunk in chunks(stream, encoding, chunk_bytes):
        text = decoder.decode(chunk)
        yield text, not CONTROL.search(text) if wide else _is_clean(chunk)
    text = decoder.decode(b"", final=True)
    if text:
        yield text, False


def chunks(stream: BinaryIO, encoding: Encoding, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The bytes of the file's text: without its byte order mark, and without what pads it."""
    start = _mark_length(encoding)
    left = text_end(stream, start, encoding.name) - start
    stream.seek(start)
    while left > 0 and (chunk := stream.read(min(chunk_bytes, left))):
        left -= len(chunk)
        yield chunk


def line_blocks(
    stream: BinaryIO, encoding: Encoding, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[bytes]:
    """The same in blocks of whole lines; for encodings that are not `WIDE`.

    In these, a byte 10 or 13 is a line's end and never a part of another character.
    """
    pending = b""
    for chunk in chunks(stream, encoding, chunk_bytes):
        pending += chunk
        cut = max(pending.rfind(b"\n"), pending.rfind(b"\r", 0, len(pending) - 1)) + 1
        if cut:
            yield pending[:cut]
            pending = pending[cut:]
    if pending:
        yield pending


def _is_clean(chunk: bytes) -> bool:
    # Counting in numpy takes a tenth of a regular expression's time. In every encoding that is not
    # wide, a byte below 32 is that control character and never a part of another one.
    values = np.frombuffer(chunk, dtype=np.uint8)
    low = np.count_nonzero(values < 32)
    layout = sum(int(np.count_nonzero(values == ord(each))) for each in "\t\n\r")
    return low == layout and b"\x7f" not in chunk


def _choice(chosen: str) -> str:
    try:
        name = codecs.lookup(chosen.strip()).name
    except (LookupError, ValueError):
        name = ""
    name = _WITHOUT_MARK.get(name, name)
    if name not in _CHOICES:
        raise OptionInvalid(
            f'"{chosen[:40]}" is no text encoding that can be read here. Use, for example, utf-8, '
            "utf-16, cp1252, iso-8859-1, cp1251, shift_jis or gb18030.",
            option="encoding",
        )
    return name


def _wide_by_zero_bytes(head: bytes) -> str | None:
    # UTF-16 text of a catalogue is mostly ASCII, so nearly every second byte is zero. Single NULs
    # in a file of another encoding are not taken for it; they are refused later, with their row.
    pairs = len(head) // 2
    if pairs < 2:
        return None
    even, odd = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return None


def _proved(stream: BinaryIO, encoding: Encoding) -> Encoding:
    if _is_text(stream, encoding):
        return encoding
    line = _first_wrong_line(stream, encoding)
    where = (
        f"The file is not UTF-8, and line {line:,} is no text in Windows-1252 (cp1252), either"
        if encoding.guessed
        else f"Line {line:,} has bytes that are not text in {encoding.name}"
    )
    message = (
        f'{where}. Save the file as "CSV UTF-8", or say with the field "encoding" which encoding '
        "it has."
    )
    raise CsvInvalid(message, [CellError(line, None, None, "wrong_encoding", message)], 1)


def _is_text(stream: BinaryIO, encoding: Encoding) -> bool:
    try:
        for _ in _texts(stream, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _first_wrong_line(stream: BinaryIO, encoding: Encoding) -> int:
    line = 1
    try:
        for text in _texts(stream, encoding):
            line += text.count("\n")
    except UnicodeDecodeError as error:
        line += error.object[: error.start].decode(encoding.name, "replace").count("\n")
    return line


def _texts(stream: BinaryIO, encoding: Encoding) -> Iterator[str]:
    # As `decoded` does, without a look at what nobody asks for.
    decoder = codecs.getincrementaldecoder(encoding.name)(encoding.errors)
    for chunk in chunks(stream, encoding):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _mark_length(encoding: Encoding) -> int:
    if not encoding.bom:
        return 0
    return next(len(mark) for mark, name in _MARKS if name == encoding.name)
