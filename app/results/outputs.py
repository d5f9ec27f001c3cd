"""The files that people download: the output CSV, the report, the failed rows, the sample."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, cast

from app import memory
from app.adapters import Adapters
from app.catalog.out import report, writer
from app.catalog.out.replace import charset, write_replaced
from app.catalog.reader import Detected, InputRow, read_rows
from app.catalog.text.encodings import SMALL_CHUNK_BYTES
from app.db import images
from app.domain.errors import ObjectMissing, OptionInvalid, ServiceUnavailable, WrongState
from app.domain.naming import upload_key
from app.domain.options import OutputMode
from app.domain.results import SHOWN
from app.domain.retry import CALL_AGAIN_SOON_SECONDS
from app.domain.statuses import ImageStatus, RequestStatus
from app.results.read import find
from app.results.selection import checked_code, find_host
from app.samples.sample import FILENAME, sample_csv
from app.storage.positioned import PositionedReader

CSV = "text/csv; charset=utf-8"
ROWS_PER_QUERY = 160


@dataclass(frozen=True, slots=True)
class Download:
    """A file to send as it is made: `chunks` reads the database and the store as it goes."""

    filename: str
    media_type: str
    chunks: Iterator[bytes]


def sample(adapters: Adapters) -> Download:
    """A CSV that can be uploaded as it is."""
    return Download(FILENAME, CSV, iter([sample_csv(adapters.settings.base_url)]))


def output_csv(
    adapters: Adapters, request_id: str, *, owner: str, partial: bool, raw: bool
) -> Download:
    """The input's columns and rows plus `Output Image Urls`; or the input with its URLs replaced.

    Args:
        partial: give what there is while the request is still running.
        raw: leave cells as they came, also those that a spreadsheet would run as a formula; where
            URLs are replaced, no other cell is ever changed.
    Raises:
        RequestNotFound: see `read.find`.
        WrongState: still running, and `partial` was not asked for.
        ServiceUnavailable: the store does not have the uploaded file now.
    """
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
    if not RequestStatus(request.status).is_final and not partial:
        raise WrongState(
            f"The request is still {request.status}; the output CSV is ready when it has ended. "
            "?partial=true gives what there is now.",
            retry_after_seconds=CALL_AGAIN_SOON_SECONDS,
        )
    detected = Detected.from_json(request.detected)
    filename = name_of(request.filename, "output")
    if request.options.get("output") == OutputMode.REPLACE:
        upload = _open_upload(adapters, request)
        # Read twice, fetched from the store once.
        again = cast(BinaryIO, PositionedReader(upload.fileno()))
        rows = _pair(adapters, request.id, again, detected, images.LINK)
        with_urls = ((row, _output_urls(adapters, row, found)) for row, found in rows)
        chunks = _replaced(upload, detected, with_urls)
        return Download(filename, f"text/csv; charset={charset(detected)}", chunks)
    rows = _rows_with_images(adapters, request, detected, images.LINK)
    cells = ((row.cells, _output_urls(adapters, row, found)) for row, found in rows)
    return Download(filename, CSV, writer.write_output(cells, detected, raw=raw))


def _replaced(
    stream: BinaryIO,
    detected: Detected,
    rows: Iterator[tuple[InputRow, Sequence[str | None]]],
) -> Iterator[bytes]:
    with closing(stream):
        yield from write_replaced(stream, detected, rows)


def report_csv(
    adapters: Adapters,
    request_id: str,
    *,
    owner: str,
    status: str | None,
    code: str | None = None,
    host: str | None = None,
) -> Download:
    """One line per place; with status `failed`, the input's rows that have a failed image.

    Args:
        code, host: only what concerns images with this error code, or on this host.
    Raises:
        RequestNotFound: see `read.find`.
        OptionInvalid: there is no such status or code, or `host` names none.
        ServiceUnavailable: the store does not have the uploaded file now.
    """
    known = [member.value for member in ImageStatus]
    if status is not None and status not in known:
        raise OptionInvalid(
            f"status: {status[:64]!r} is none of {', '.join(known)}.", option="status"
        )
    code = checked_code(code)
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
        host = find_host(connection, request.id, host)

    def is_meant(place: Any) -> bool:
        return (
            (status is None or place.status == status)
            and (code is None or place.error_code == code)
            and (host is None or place.host == host)
        )

    detected = Detected.from_json(request.detected)
    all_rows = _rows_with_images(adapters, request, detected, images.RESULT)
    both = ((row, list(filter(is_meant, found))) for row, found in all_rows)
    if status == ImageStatus.FAILED:
        failed = ((row.cells, _errors(found)) for row, found in both if found)
        return Download(
            name_of(request.filename, "failed"), CSV, report.write_rows(failed, detected)
        )
    lines = (_report_row(adapters, row, place) for row, found in both for place in found)
    return Download(name_of(request.filename, "report"), CSV, report.write_report(lines))


def _rows_with_images(
    adapters: Adapters, request: Any, detected: Detected, columns: Sequence[Any]
) -> Iterator[tuple[InputRow, Sequence[Any]]]:
    return _pair(adapters, request.id, _open_upload(adapters, request), detected, columns)


def _open_upload(adapters: Adapters, request: Any) -> BinaryIO:
    # Opened before the first byte is sent, so that a store that is away is a 503 and not a file
    # that ends early.
    try:
        return adapters.store.open(upload_key(request.id))
    except ObjectMissing:
        raise ServiceUnavailable("The uploaded file is not in the store.") from None


def _pair(
    adapters: Adapters,
    request_id: str,
    stream: BinaryIO,
    detected: Detected,
    columns: Sequence[Any],
) -> Iterator[tuple[InputRow, Sequence[Any]]]:
    """Walk the file and the table side by side; both are in the order of the rows."""
    with closing(stream):
        rows = read_rows(stream, detected, chunk_bytes=SMALL_CHUNK_BYTES)
        places_before = 0
        while chunk := list(islice(rows, ROWS_PER_QUERY)):
            part = images.Part(
                after_row=chunk[0].row - 1,
                up_to_row=chunk[-1].row,
                places_before=places_before,
                places_behind=places_before + sum(len(r.urls) for r in chunk if not r.errors),
            )
            places_before = part.places_behind
            with adapters.database.read() as connection:
                found = images.places(connection, request_id, columns, part)
            by_row: dict[int, list[Any]] = {}
            for place in found:
                by_row.setdefault(place.place_row, []).append(place)
            for row in chunk:
                yield row, by_row.get(row.row, [])
    memory.give_back(places_before)


def _output_urls(adapters: Adapters, row: InputRow, found: Sequence[Any]) -> Sequence[str | None]:
    # A row that was left out also has a place for each address, even for those that were refused.
    refused = sum(error.code == "invalid_url" for error in row.errors)
    urls: list[str | None] = [None] * (len(row.urls) + refused)
    for place in found:
        if place.storage_key is not None:
            urls[place.place_position - 1] = adapters.store.public_url(place.storage_key)
    return urls


def _errors(failed: Sequence[Any]) -> str:
    return "; ".join(
        f"image {place.place_position}: {place.error_code}: {place.error_message}"
        for place in failed
    )


def _report_row(adapters: Adapters, row: InputRow, place: Any) -> report.ReportRow:
    key = place.storage_key
    return report.ReportRow(
        row=row.row,
        position=place.place_position,
        product_name=row.product_name,
        serial_number=row.serial_number,
        input_url=place.source_url,
        output_url=adapters.store.public_url(key) if key is not None else None,
        status=place.status,
        kept=place.kept,
        reused=place.reused_from is not None,
        error_code=place.error_code,
        error_message=place.error_message,
        http_status=place.http_status,
        facts=[getattr(place, name) for name in SHOWN],
        attempts=place.attempts,
        duration_ms=place.duration_ms,
    )


def name_of(filename: str, what: str) -> str:
    """What a file that was made of the upload `filename` is called."""
    stem = filename.rsplit(".", 1)[0] or "products"
    return f"{stem}-{what}.csv"
