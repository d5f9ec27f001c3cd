"""Files that are no CSV, known by their first bytes, each with the way to a CSV."""

import re

from app.domain.errors import NotACsv

SAVE_SHEET = 'open it in Excel or LibreOffice and save it as "CSV UTF-8 (comma delimited)"'
_SEND_TABLE = (
    "send the table of products as a CSV; pictures are given as web addresses in its cells"
)
_UNPACK = "unpack it and send the CSV inside"

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook (XLS), or one with a password",
        SAVE_SHEET,
    ),
    (b"%PDF-", "a PDF", "export the table as a CSV where the PDF was made, and send that"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", _SEND_TABLE),
    (b"\xff\xd8\xff", "a JPEG picture", _SEND_TABLE),
    (b"GIF87a", "a GIF picture", _SEND_TABLE),
    (b"GIF89a", "a GIF picture", _SEND_TABLE),
    (b"II*\x00", "a TIFF picture", _SEND_TABLE),
    (b"MM\x00*", "a TIFF picture", _SEND_TABLE),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as a CSV and send that"),
    (b"{\\rtf", "a text document (RTF)", "save the table as a CSV and send that"),
)

# What makes a ZIP archive known: the name of a file inside, or what an ODS says of itself.
_ARCHIVES: tuple[tuple[bytes, str, str], ...] = (
    (b"xl/workbook.bin", "a binary Excel workbook (XLSB)", SAVE_SHEET),
    (b"xl/", "an Excel workbook (XLSX)", SAVE_SHEET),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (ODS)", SAVE_SHEET),
    (b"Index/Document.iwa", "an Apple Numbers document", "export it as a CSV in Numbers"),
    (b"word/document.xml", "a Word document", "copy the table into a spreadsheet and save a CSV"),
)

_JSON = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\]\"])")
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|table|!--)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml", re.IGNORECASE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def refuse_other_kinds(head: bytes) -> None:
    """Raise NotACsv when the first bytes (some KB) are those of a known other kind of file."""
    kind = _known_kind(head)
    if kind is not None:
        name, remedy = kind
        raise NotACsv(f"The file is {name}, not a CSV: {remedy}.")


def is_zip(head: bytes) -> bool:
    """True when a file begins as ZIP archives do, which XLSX workbooks are."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def archive_kind(data: bytes) -> tuple[str, str]:
    """What a ZIP archive is, and the way to a CSV, by its bytes or the names of the files in it."""
    for part, name, remedy in _ARCHIVES:
        if part in data:
            return name, remedy
    return "a ZIP archive", _UNPACK


def _known_kind(head: bytes) -> tuple[str, str] | None:
    for signature, name, remedy in _SIGNATURES:
        if head.startswith(signature):
            return name, remedy
    return _zip_kind(head) or _picture_kind(head) or _text_kind(head)


def _zip_kind(head: bytes) -> tuple[str, str] | None:
    return archive_kind(head) if is_zip(head) else None


def _picture_kind(head: bytes) -> tuple[str, str] | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "a WebP picture", _SEND_TABLE
    # "BM" may begin a word; the four reserved bytes of a bitmap are zero and no text.
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "a BMP picture", _SEND_TABLE
    if head[4:8] == b"ftyp":
        return "an AVIF or HEIC picture or a video", _SEND_TABLE
    return None


def _text_kind(head: bytes) -> tuple[str, str] | None:
    text = head.removeprefix(_BYTE_ORDER_MARK)
    if _JSON.match(text):
        return "JSON", "write the products as the lines of a table and send that as a CSV"
    if _HTML.match(text):
        return "an HTML page", "download the CSV itself; a page that asks for a login looks like it"
    if _XML.match(text):
        return "XML", f"if it is a spreadsheet, {SAVE_SHEET}; else export the table as a CSV"
    return None
