"""The names of a file as they read in several encodings, for whoever has to say which is right."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from app.catalog.header.detected import Detected
from app.catalog.text.dialect import Dialect
from app.catalog.text.encodings import WIDE, Encoding, find_encoding, line_blocks
from app.catalog.text.guesses import GUESSED, likely_encodings
from app.catalog.text.strays import LINES_NAMED, Strays, find_strays
from app.domain.errors import CsvInvalid

NAMES_SHOWN = 3
_READINGS_SHOWN = 4
# What is looked at to find out what the file is like.
_LINES_LOOKED_AT = 200
_LONGEST_LINE = 20_000
_NAME_CHARS = 40
_CELL_ENDS = re.compile(r"[,;|\t\"\r\n]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """An encoding, what it is used for ("": Western Europe), and names as they read in it."""

    encoding: str
    language: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NameColumn:
    """Where the names of a file are; without a dialect, any text beyond ASCII is taken for one."""

    dialect: Dialect | None = None
    index: int | None = None


def readings(stream: BinaryIO, where: NameColumn, *, chosen: str | None = None) -> list[Reading]:
    """The likely encodings of a file that is not UTF-8, the likeliest first, with different names.

    Args:
        stream: left at an unspecified position.
        chosen: an encoding that is to be among them.
    """
    samples = _samples(stream, chosen)
    likely = [(each.encoding, each.language) for each in likely_encodings(samples)]
    wanted = [name for name in ("utf-8", chosen, GUESSED) if name and name not in dict(likely)]
    found: list[Reading] = []
    for encoding, language in [*likely[:_READINGS_SHOWN], *((name, "") for name in wanted)]:
        names = _names(samples, encoding, where)
        if names and names not in [each.names for each in found]:
            found.append(Reading(encoding, language, names))
    return found


def readings_to_compare(
    stream: BinaryIO, detected: Detected | None, *, chosen: str | None
) -> list[Reading]:
    """The readings among which somebody may choose; none where the file itself says what is right.

    Args:
        detected: how the file is read; None where it is refused.
        chosen: the encoding that was named.
    """
    where = NameColumn()
    if detected is not None:
        where = NameColumn(detected.dialect, detected.layout.product_name)
    if chosen is None and not _is_guessed(stream, detected):
        return []
    found = readings(stream, where, chosen=chosen)
    return found if len(found) > 1 or detected is None else []


def guess_warning(stream: BinaryIO, where: NameColumn) -> str:
    """What to say of a file that was read as Windows-1252 because nothing tells what it is."""
    found = readings(stream, where)
    names = next((each.names for each in found if each.encoding == GUESSED), ())
    read = f"was read as Windows-1252 (cp1252){': ' if names else ''}{_quoted(names)}"
    others = [each for each in found if each.encoding != GUESSED]
    if others and found[0] is others[0]:
        return f"The file is not UTF-8 and {read}. {_may_be(others[0])}"
    return (
        f"The file is not UTF-8 and {read}. If letters look wrong, name its encoding in the field "
        '"encoding" (such as encoding=cp1250 or encoding=mac_roman), or save it as "CSV UTF-8".'
    )


def guess_advice(stream: BinaryIO, *, is_refuted: bool) -> str:
    """What a refused file may be; "" where nothing looks like it.

    Args:
        is_refuted: the file cannot be Windows-1252.
    """
    found = readings(stream, NameColumn())
    if is_refuted:
        found = [each for each in found if each.encoding != GUESSED]
    return _may_be(found[0]) if found and found[0].encoding != GUESSED else ""


def stray_warning(stream: BinaryIO, encoding: Encoding) -> str:
    """What to say of a file that is UTF-8 but for some lines."""
    strays = find_strays(line_blocks(stream, encoding))
    lines = ", ".join(f"{number:,}" for number, _ in strays.first)
    one = strays.bad == 1
    more = strays.bad - LINES_NAMED
    return (
        f"The file is UTF-8, but {'line' if one else 'lines'} {lines}"
        f"{f' and {more:,} more' if more > 0 else ''} {'is' if one else 'are'} not: "
        f"{'it was' if one else 'they were'} read as Windows-1252: {_values(strays)}. If that is "
        f"wrong, correct {'the line' if one else 'the lines'} and save the file as "
        '"CSV UTF-8".'
    )


def _is_guessed(stream: BinaryIO, detected: Detected | None) -> bool:
    if detected is not None:
        return detected.encoding_guessed
    try:
        return find_encoding(stream).guessed
    except CsvInvalid:
        return True


def _may_be(reading: Reading) -> str:
    return (
        f"The file may be {reading.language}: with encoding={reading.encoding} it reads "
        f"{_quoted(reading.names)}. If that is right, send the "
        f'field encoding={reading.encoding}, or save the file as "CSV UTF-8".'
    )


def _samples(stream: BinaryIO, chosen: str | None) -> list[bytes]:
    """The first lines that have bytes beyond ASCII."""
    samples: list[bytes] = []
    if chosen in WIDE:
        return samples
    for line in _lines(stream):
        if not line.isascii() and len(line) <= _LONGEST_LINE:
            samples.append(line)
            if len(samples) == _LINES_LOOKED_AT:
                break
    return samples


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    for block in line_blocks(stream, Encoding(GUESSED, guessed=True, bom=False)):
        if not block.isascii():
            yield from block.splitlines()


def _names(samples: Sequence[bytes], encoding: str, where: NameColumn) -> tuple[str, ...]:
    try:
        lines = [sample.decode(encoding) for sample in samples]
    except UnicodeDecodeError:
        return ()
    # The same lines, whichever encoding it is, so that names can be compared side by side.
    named = [_cell(line, where) for line in lines]
    chosen = [cell for cell in named if cell] or [_any_text(line) for line in lines]
    return tuple(_short(cell) for cell in dict.fromkeys(filter(None, chosen)))[:NAMES_SHOWN]


def _cell(line: str, where: NameColumn) -> str:
    """The name in a line, if it has letters beyond ASCII."""
    if where.dialect is None or where.index is None:
        return ""
    try:
        cells = next(where.dialect.strict_rows([line]), [])
    except csv.Error:
        return ""
    cell = cells[where.index].strip() if where.index < len(cells) else ""
    return "" if cell.isascii() else cell


def _any_text(line: str) -> str:
    """The first text in a line that has letters beyond ASCII and is no address."""
    cells = (cell.strip() for cell in _CELL_ENDS.split(line))
    return next((cell for cell in cells if not cell.isascii() and "://" not in cell), "")


def _values(strays: Strays) -> str:
    return _quoted([value for _, value in strays.first])


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _short(text: str) -> str:
    return text if len(text) <= _NAME_CHARS else f"{text[: _NAME_CHARS - 3]}..."
