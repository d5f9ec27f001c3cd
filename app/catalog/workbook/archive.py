"""A ZIP archive that says it is a workbook: what it is, and whether it may be unpacked at all.

Nothing here trusts what the archive says about itself: sizes are declared in its directory, and an
archive that was made to do harm declares what it likes.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from app.catalog.text.kinds import SAVE_SHEET, archive_kind
from app.domain.errors import NotACsv, UploadTooLarge

# Most writers call it xl/workbook.xml; the standard lets them choose.
_WORKBOOK_PART = re.compile(r"xl/workbook[^/]*\.xml", re.IGNORECASE)

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_HEAD_BYTES = 200
_READ_BYTES = 64 * 1024
_INFLATE_BYTES = 1024 * 1024
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What a workbook may unpack to.

    XML of a catalogue shrinks to a tenth, of one value a million times to a hundredth; deflate ends
    at a thousandth, and that is where bombs are. Small archives may do as they like: their total
    says enough.

    Attributes:
        max_entries: files in the archive, pictures and all.
        max_bytes: all of them unpacked.
        max_ratio: unpacked by packed bytes of one file ...
        ratio_from_bytes: ... if it unpacks to more than this.
    """

    max_entries: int = 10_000
    max_bytes: int = 600_000_000
    max_ratio: int = 300
    ratio_from_bytes: int = 20_000_000


def check_workbook(stream: BinaryIO, limits: ArchiveLimits) -> None:
    """Refuse an archive that is no XLSX workbook, is damaged, or unpacks to too much.

    The directory is looked at first; then every file is really unpacked, in memory that does not
    grow, and stopped as soon as it has more than it declared.

    Raises:
        NotACsv: another kind of archive, one with a password, or a damaged one.
        UploadTooLarge: a limit is reached.
    """
    try:
        with ZipFile(stream) as archive:
            entries = archive.infolist()
    except (BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        stream.seek(0)
        name, remedy = archive_kind(stream.read(_READ_BYTES))
        raise NotACsv(f"The file is {name}, but it is damaged: {remedy}.") from error
    _check_kind(stream, entries)
    _check_declared(entries, limits)
    for entry in entries:
        _unpack(stream, entry)


def _check_kind(stream: BinaryIO, entries: list[ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if not any(map(_WORKBOOK_PART.fullmatch, names)):
        stream.seek(0)
        described = stream.read(_HEAD_BYTES) + "\n".join(names).encode("utf-8", "replace")
        name, remedy = archive_kind(described)
        raise NotACsv(f"The file is {name}, not a CSV or an Excel workbook (XLSX): {remedy}.")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise NotACsv(f"The workbook is protected by a password: {SAVE_SHEET}.")


def _check_declared(entries: list[ZipInfo], limits: ArchiveLimits) -> None:
    if len(entries) > limits.max_entries:
        raise UploadTooLarge(
            f"The workbook has {len(entries):,} files inside, more than {limits.max_entries:,}: "
            f"{SAVE_SHEET}."
        )
    size = sum(entry.file_size for entry in entries)
    if size > limits.max_bytes:
        raise UploadTooLarge(
            f"The workbook unpacks to {size // 1_000_000:,} MB, more than "
            f"{limits.max_bytes // 1_000_000:,} MB: {SAVE_SHEET}."
        )
    for entry in entries:
        is_large = entry.file_size > limits.ratio_from_bytes
        if is_large and entry.file_size > limits.max_ratio * entry.compress_size:
            raise UploadTooLarge(
                f"A part of the workbook unpacks to more than {limits.max_ratio} times its size, "
                f"as no table does: {SAVE_SHEET}."
            )


def _unpack(stream: BinaryIO, entry: ZipInfo) -> None:
    """Unpack one file to nowhere; the standard library would stop at the declared size in silence.

    Raises:
        NotACsv: it is damaged, or has more or less than it declares.
    """
    stream.seek(entry.header_offset)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        raise _damaged()
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    stream.seek(name_length + extra_length, 1)
    if entry.compress_type == ZIP_DEFLATED:
        size = _inflated_size(stream, entry.compress_size, at_most=entry.file_size)
    elif entry.compress_type == ZIP_STORED:
        size = entry.compress_size
    else:
        raise _damaged()
    if size != entry.file_size:
        raise _damaged()


def _inflated_size(stream: BinaryIO, packed: int, *, at_most: int) -> int:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    size = 0
    try:
        while packed and not inflater.eof:
            chunk = stream.read(min(packed, _READ_BYTES))
            if not chunk:
                raise _damaged()
            packed -= len(chunk)
            while chunk and size <= at_most:
                size += len(inflater.decompress(chunk, _INFLATE_BYTES))
                chunk = inflater.unconsumed_tail
            if size > at_most:
                return size
    except zlib.error as error:
        raise _damaged() from error
    size += len(inflater.flush())
    return size if inflater.eof else -1


def _damaged() -> NotACsv:
    return NotACsv(f"The file is an Excel workbook (XLSX), but it is damaged: {SAVE_SHEET}.")
