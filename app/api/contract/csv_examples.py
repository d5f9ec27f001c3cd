"""The CSV files that the documentation shows, written by the code that writes those to download."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from app.api.contract.examples import BASE, IMAGE, REQUEST_ID
from app.catalog.out.report import REPORT_COLUMNS, ReportRow, write_report
from app.catalog.out.writer import write_output
from app.catalog.reader import examine, read_rows
from app.domain.results import SHOWN
from app.intake.bad_rows import write_bad_rows
from app.samples.sample import sample_csv

_HEADER = b"S. No.,Product Name,Input Image Urls\r\n"
_SHIRT = b'1,Blue Shirt,"https://shop.example/1.jpg,https://shop.example/2.jpg"\r\n'
_NAMELESS = b"2,,https://shop.example/3.jpg\r\n"
_PICTURES = f"{BASE}/images/{REQUEST_ID}"


def _output() -> bytes:
    upload = BytesIO(_HEADER + _SHIRT)
    detected = examine(upload, max_rows=1).detected
    urls = [f"{_PICTURES}/2-{position}-blue-shirt.jpg" for position in (1, 2)]
    rows = ((row.cells, urls) for row in read_rows(upload, detected))
    return b"".join(write_output(rows, detected))


def _bad_rows() -> bytes:
    upload = BytesIO(_HEADER + _SHIRT + _NAMELESS)
    return b"".join(write_bad_rows(upload, examine(upload, max_rows=2).detected))


def _report_row(image: Mapping[str, Any]) -> ReportRow:
    error = image["error"] or dict.fromkeys(("code", "message", "http_status"))
    values = {
        **image,
        "product_name": image["product"]["name"],
        "serial_number": image["product"]["serial_number"],
        "error_code": error["code"],
        "error_message": error["message"],
        "http_status": error["http_status"],
    }
    plain = {name: values[name] for name in REPORT_COLUMNS if name not in SHOWN}
    return ReportRow(facts=[values[name] for name in SHOWN], **plain)


def _report() -> bytes:
    failed = dict.fromkeys(IMAGE) | {
        "row": 3,
        "position": 1,
        "product": {"serial_number": "2", "name": "Red Mug"},
        "input_url": "https://shop.example/img/red-mug.jpg",
        "status": "failed",
        "kept": False,
        "reused": False,
        "error": {
            "code": "http_status",
            "message": "shop.example answered 404 Not Found.",
            "http_status": 404,
        },
        "attempts": 1,
        "duration_ms": 62,
    }
    return b"".join(write_report(map(_report_row, (IMAGE, failed))))


INPUT_CSV = sample_csv(BASE).decode()
OUTPUT_CSV = _output().decode()
BAD_ROWS_CSV = _bad_rows().decode()
REPORT_CSV = _report().decode()
