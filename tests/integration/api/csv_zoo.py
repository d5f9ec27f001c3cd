"""Awful files, each with what has to come of it."""

import bz2
import codecs
import gzip
import io
import json
from dataclasses import dataclass, field
from zipfile import ZipFile

from PIL import Image

from tests.unit.catalog.workbooks import HEADER, make_sheet

# Port 9 of this machine refuses at once, so that every image ends without waiting.
HOST = "http://127.0.0.1:9"
ONE, TWO, THREE = f"{HOST}/1.jpg", f"{HOST}/2.jpg", f"{HOST}/3.jpg"
NAMES = "S. No.,Product Name,Input Image Urls"


@dataclass(frozen=True)
class Accepted:
    """A file that has to be read: the URLs of each of its rows, and words of its warnings."""

    name: str
    data: bytes
    rows: list[list[str]]
    warning: str = ""
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A file that cannot be used: the first error's code, line, column and words of its remedy."""

    name: str
    data: bytes
    code: str
    row: int
    column: str | None
    words: str
    options: dict[str, str] = field(default_factory=dict)


def lines(*rows: str, header: str = NAMES, end: str = "\r\n") -> str:
    return end.join([header, *rows, ""])


PLAIN = lines(f'1,Mug,"{ONE},{TWO}"', f"2,Café,{THREE}")
PLAIN_ROWS = [[ONE, TWO], [THREE]]
MANY = [f"{HOST}/{number}.jpg" for number in range(5_000)]
SEMICOLONS = lines(f"1;Mug;{ONE},{TWO}", f"2;Café;{THREE}", header=NAMES.replace(",", ";"))
RENDITION = f"{HOST}/w_100,h_200/1.jpg?sizes=1,2,3"

ACCEPTED = [
    Accepted("utf-8", PLAIN.encode(), PLAIN_ROWS),
    Accepted("utf-8 with a mark", codecs.BOM_UTF8 + PLAIN.encode(), PLAIN_ROWS),
    Accepted("utf-16-le", codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"), PLAIN_ROWS),
    Accepted("utf-16-be", codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), PLAIN_ROWS),
    Accepted("utf-16 without a mark", PLAIN.encode("utf-16-le"), PLAIN_ROWS),
    Accepted("windows", PLAIN.encode("cp1252"), PLAIN_ROWS, "Windows-1252"),
    Accepted(
        "a chosen encoding",
        lines(f"1,Кружка,{ONE}").encode("cp1251"),
        [[ONE]],
        options={"encoding": "cp1251"},
    ),
    Accepted("semicolons", SEMICOLONS.encode(), PLAIN_ROWS),
    Accepted("tabs", SEMICOLONS.replace(";", "\t").encode(), PLAIN_ROWS),
    Accepted("pipes", SEMICOLONS.replace(";", "|").encode(), PLAIN_ROWS),
    Accepted("sep line", f"sep=;\r\n{SEMICOLONS}".encode(), PLAIN_ROWS),
    Accepted("unix line ends", PLAIN.replace("\r\n", "\n").encode(), PLAIN_ROWS),
    Accepted("old mac line ends", PLAIN.replace("\r\n", "\r").encode(), PLAIN_ROWS),
    Accepted("no line end at the end", PLAIN.rstrip().encode(), PLAIN_ROWS),
    Accepted("blank lines", PLAIN.replace("\r\n", "\r\n\r\n").encode(), PLAIN_ROWS),
    Accepted("commas without cells", lines(f"1,Mug,{ONE}", ",,", ",,,,").encode(), [[ONE]]),
    Accepted("quotes", lines(f'1,"Mug, ""blue""","{ONE}"').encode(), [[ONE]]),
    Accepted("undoubled quotes", lines(f'1,"Pipe 5" wide",{ONE}').encode(), [[ONE]]),
    Accepted(
        "cells of several lines", lines(f'1,"Mug\n\nblue","{ONE}\n{TWO}"').encode(), [[ONE, TWO]]
    ),
    Accepted("short rows", lines(f"1,Mug,{ONE}", header=f"{NAMES},Price").encode(), [[ONE]]),
    Accepted(
        "unquoted overflow", lines(f"1,Mug,{ONE},{TWO},{THREE}").encode(), [[ONE, TWO, THREE]]
    ),
    Accepted(
        "overflow before other columns",
        lines(f"1,Mug,{ONE},{TWO},9.99,red", header=f"{NAMES},Price,Colour").encode(),
        [[ONE, TWO]],
    ),
    Accepted(
        "commas inside URLs", lines(f'1,Mug,"{RENDITION},{ONE}"').encode(), [[RENDITION, ONE]]
    ),
    Accepted("unquoted commas inside", lines(f"1,Mug,{RENDITION}").encode(), [[RENDITION]]),
    Accepted(
        "upper-case schemes",
        lines("1,Mug,HTTP://127.0.0.1:9/A.JPG").encode(),
        [["HTTP://127.0.0.1:9/A.JPG"]],
    ),
    Accepted(
        "white space and letters in URLs",
        lines(f"1,Mug,  {HOST}/größe 1.jpg ; {TWO} ").encode(),
        [[f"{HOST}/größe 1.jpg", TWO]],
    ),
    Accepted(
        "escaped ampersands", lines(f"1,Mug,{ONE}?a=1&amp;b=2").encode(), [[f"{ONE}?a=1&b=2"]]
    ),
    Accepted("fragments", lines(f"1,Mug,{ONE}#front").encode(), [[f"{ONE}#front"]]),
    Accepted(
        "every separator",
        lines(f'1,Mug,"{ONE};{TWO}|{THREE}\n{ONE}"').encode(),
        [[ONE, TWO, THREE, ONE]],
    ),
    Accepted("duplicate rows", lines(*[f"1,Mug,{ONE}"] * 3).encode(), [[ONE]] * 3),
    Accepted(
        "header below line 1",
        f"Export of 1 May\r\n\r\n{PLAIN}".encode(),
        PLAIN_ROWS,
        "header was found in line 3",
    ),
    Accepted(
        "columns without names",
        lines(f"1,Mug,{ONE},{TWO},", header=f"{NAMES},,").encode(),
        [[ONE, TWO]],
    ),
    Accepted(
        "a column twice", lines(f"1,Mug,{ONE},a,b", header=f"{NAMES},Tag,Tag").encode(), [[ONE]]
    ),
    Accepted(
        "an address beside the images",
        lines(f'1,Mug,"{ONE}",{TWO}', header=f"{NAMES},Price").encode(),
        [[ONE]],
        '"Price"',
    ),
    Accepted("5,000 URLs in a cell", lines(f'1,Mug,"{",".join(MANY)}"').encode(), [MANY]),
    Accepted(
        "a cell of 3 MB",
        lines(f"1,Mug,{ONE},{'x' * 3_000_000}", header=f"{NAMES},Text").encode(),
        [[ONE]],
    ),
    Accepted(
        "a workbook",
        make_sheet([1, "Mug", f"{ONE}, {TWO}"], [2, "Café", THREE]),
        PLAIN_ROWS,
        "workbook",
    ),
]

REFUSED = [
    Refused("nothing", b"", "empty_file", 1, None, "empty"),
    Refused("blank lines only", b"\r\n\r\n", "empty_file", 1, None, "empty"),
    Refused("header only", lines().encode(), "no_rows", 1, None, "Add a row"),
    Refused(
        "no header", f"1,Mug,{ONE}\r\n".encode(), "missing_header", 1, None, "S. No.,Product Name"
    ),
    Refused(
        "a missing column",
        b"S. No.,Product Name,Price\r\n1,Mug,3\r\n",
        "missing_column",
        1,
        "Input Image Urls",
        "Add the column",
    ),
    Refused(
        "duplicate header",
        lines(f"1,Mug,{ONE},{TWO}", header=f"{NAMES},Input Image URLs").encode(),
        "duplicate_header",
        1,
        "Input Image URLs",
        "rename",
    ),
    Refused(
        "unknown sep", f"sep=#\r\n{PLAIN}".encode(), "unknown_delimiter", 1, None, "Use a comma"
    ),
    Refused(
        "no name", lines(f"1,,{ONE}").encode(), "missing_value", 2, "Product Name", "Fill it in"
    ),
    Refused(
        "no URL",
        lines(f"1,Mug,{ONE}", "2,Cup,").encode(),
        "missing_value",
        3,
        "Input Image Urls",
        "at least one",
    ),
    Refused(
        "ftp",
        lines("1,Mug,ftp://127.0.0.1/1.jpg").encode(),
        "invalid_url",
        2,
        "Input Image Urls",
        "http",
    ),
    Refused(
        "one bad among good",
        lines(f'1,Mug,"{ONE},http://,{TWO}"').encode(),
        "invalid_url",
        2,
        "Input Image Urls",
        "full address",
    ),
    Refused(
        "glued",
        lines(f"1,Mug,{ONE}{TWO}").encode(),
        "invalid_url",
        2,
        "Input Image Urls",
        "separator",
    ),
    Refused(
        "text behind",
        lines(f"1,Mug,{ONE} front view").encode(),
        "invalid_url",
        2,
        "Input Image Urls",
        "Remove",
    ),
    Refused(
        "an URL of 9,000 characters",
        lines(f"1,Mug,{HOST}/{'a' * 9_000}").encode(),
        "invalid_url",
        2,
        "Input Image Urls",
        "longer than",
    ),
    Refused(
        "overflow of text",
        lines(f"1,Mug,{ONE},red").encode(),
        "unclear_columns",
        2,
        "Input Image Urls",
        "quotes",
    ),
    Refused("NUL", lines(f"1,Mu\0g,{ONE}").encode(), "control_character", 2, "Product Name", "NUL"),
    Refused(
        "a bell in an address",
        lines(f"1,Mug,{ONE}\a").encode(),
        "control_character",
        2,
        "Input Image Urls",
        "U+0007",
    ),
    Refused(
        "NULs only in the images",
        lines(f"1,Mug,{ONE}\0{TWO}").encode(),
        "control_character",
        2,
        "Input Image Urls",
        "Remove",
    ),
    Refused(
        "unclosed quote",
        lines(f"1,Mug,{ONE}", f'2,"Cup,{TWO}', f"3,Jug,{THREE}").encode(),
        "unclosed_quote",
        3,
        "Product Name",
        "Close it",
    ),
    Refused(
        "unclosed image cell",
        lines(f'1,Mug,"{ONE}', f"2,Cup,{TWO}").encode(),
        "unclosed_quote",
        2,
        "Input Image Urls",
        "Close it",
    ),
    Refused(
        "two open quotes",
        lines(f'1,"Mug,{ONE}', f'2,Cup",{TWO}').encode(),
        "unclosed_quote",
        2,
        "Product Name",
        "quote",
    ),
    Refused(
        "not the encoding",
        lines("1,Caf\xe9,x").encode("cp1252"),
        "wrong_encoding",
        2,
        None,
        "encoding",
        {"encoding": "utf-8"},
    ),
    Refused(
        "broken utf-16",
        codecs.BOM_UTF16_LE + b"\x00\xd8" * 9,
        "wrong_encoding",
        1,
        None,
        "CSV UTF-8",
    ),
    Refused(
        "a cell of 9 MB",
        lines(f"1,{'x' * 9_000_000},{ONE}").encode(),
        "cell_too_large",
        2,
        "Product Name",
        "Split",
    ),
    Refused(
        "a workbook's bad row",
        make_sheet([1, "Mug", ONE], [], [2, "", TWO]),
        "missing_value",
        4,
        HEADER[1],
        "Fill it in",
    ),
]


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind)
    return file.getvalue()


def archive(**files: bytes) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w") as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return file.getvalue()


WORKBOOK = make_sheet([1, "Mug", ONE])
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

OTHER_KINDS = {
    "gzip": (gzip.compress(PLAIN.encode()), "gzip"),
    "bzip2": (bz2.compress(PLAIN.encode()), "bzip2"),
    "zip": (archive(products=PLAIN.encode()), "ZIP"),
    "cut zip": (archive(products=PLAIN.encode())[:60], "ZIP"),
    "ods": (archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "ODS"),
    "cut workbook": (WORKBOOK[:-200], "damaged"),
    "workbook with a password": (COMPOUND + bytes(600), "password"),
    "old workbook": (COMPOUND + bytes(600), "XLS"),
    "png": (picture("PNG"), "PNG"),
    "jpeg": (picture("JPEG"), "JPEG"),
    "webp": (picture("WEBP"), "WebP"),
    "avif": (picture("AVIF"), "AVIF"),
    "pdf": (b"%PDF-1.7\n" + bytes(100), "PDF"),
    "json": (json.dumps([{"product_name": "Mug", "images": [ONE]}]).encode(), "JSON"),
    "json object": (json.dumps({"products": []}, indent=2).encode(), "JSON"),
    "html": (b"<!doctype html><html><body>Log in</body></html>", "HTML"),
    "xml": (b'<?xml version="1.0"?><products/>', "XML"),
    "noise": (bytes(range(256)) * 64, "not text"),
}
