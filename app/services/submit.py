"""Take a CSV: check the whole file, keep it, write the request, and only then say yes."""

import asyncio
import hashlib
import json
import unicodedata
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, BinaryIO

import structlog
import uuid_utils

from app.catalog.reader import ColumnMapping, Findings, validate
from app.db import idempotency, requests
from app.domain.errors import (
    DatabaseUnavailable,
    DnsFailed,
    IdempotencyMismatch,
    ImageError,
    OptionInvalid,
    ServiceUnavailable,
)
from app.domain.naming import upload_key
from app.domain.options import ProcessingOptions
from app.domain.statuses import RequestStatus
from app.services import heap
from app.services.adapters import Adapters, now
from app.services.documents import links
from app.services.limits import check_new_request, early_refusal
from app.services.tables import Table, open_table
from app.services.upload_copy import discard, stored_beside

log = structlog.get_logger(__name__)

IDEMPOTENCY_KEPT = timedelta(hours=24)
FILENAME_LENGTH_MAX = 150
BAD_ROWS_NAMED = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """What the caller says about how the file is to be read; see `catalog.reader.validate`."""

    encoding: str | None
    columns: ColumnMapping | None
    base_url: str | None
    accept_valid_rows: bool


def preview(
    adapters: Adapters,
    *,
    content: BinaryIO,
    filename: str,
    options: ProcessingOptions,
    encoding: str | None = None,
    columns: ColumnMapping | None = None,
    base_url: str | None = None,
    accept_valid_rows: bool = False,
) -> dict[str, Any]:
    """What an upload of this file would find; nothing is stored.

    Raises:
        RequestError: the file cannot be used; see `catalog.reader.validate`, `open_table`.
    """
    reading = Reading(encoding, columns, base_url, accept_valid_rows)
    with open_table(content, max_bytes=adapters.settings.max_upload_bytes) as table:
        findings = _check(adapters, table, reading)
    return {
        "dry_run": True,
        "filename": clean_filename(filename),
        "message": _message(findings, "can be processed"),
        **_found(findings),
        "options": options.model_dump(mode="json"),
    }


def submit(
    adapters: Adapters,
    *,
    content: BinaryIO,
    filename: str,
    options: ProcessingOptions,
    webhook_url: str | None,
    owner: str,
    idempotency_key: str | None = None,
    encoding: str | None = None,
    columns: ColumnMapping | None = None,
    base_url: str | None = None,
    accept_valid_rows: bool = False,
) -> dict[str, Any]:
    """Accept a CSV for processing and return the answer; from then on it is kept.

    Args:
        content: the file, open and seekable.
        owner: digest of the caller's API key; empty where the service is open.
        idempotency_key: a repeat with the same key, file and options gets the first answer.
    Raises:
        RequestError: the file or an option cannot be used, the Idempotency-Key was used for another
            upload, or the API key has used up what it may (`limits`).
        StoreError, DatabaseUnavailable: nothing was accepted.
    """
    # Asked before the kept answer is: an upload that is just now done with this Idempotency-Key
    # must answer its repeats, not refuse them.
    refusal = early_refusal(adapters, owner)
    fingerprint = ""
    reading = Reading(encoding, columns, base_url, accept_valid_rows)
    if idempotency_key is not None:
        fingerprint = _fingerprint(content, options, webhook_url, reading)
        kept = _kept_answer(adapters, owner, idempotency_key, fingerprint)
        if kept is not None:
            return kept
    if refusal is not None:
        raise refusal
    _check_webhook(adapters, webhook_url)
    request_id = str(uuid_utils.uuid7())
    key = upload_key(request_id)
    with (
        open_table(content, max_bytes=adapters.settings.max_upload_bytes) as table,
        stored_beside(adapters.store, key, table.content) as store,
    ):
        findings = _check(adapters, table, reading)
        store()
    heap.give_back(findings.places)
    answer = {
        "request_id": request_id,
        "status": RequestStatus.PENDING.value,
        "message": _message(findings, "accepted"),
        **_found(findings),
        "links": links(adapters.settings.base_url, request_id),
    }
    try:
        first = _write(
            adapters,
            answer,
            findings,
            filename,
            options,
            webhook_url,
            owner,
            idempotency_key,
            fingerprint,
        )
    except DatabaseUnavailable:
        # Perhaps only the answer to the commit was lost. Then the request is there, and a repeat
        # with its Idempotency-Key gets a 202: its file must be there, too. If not, the sweep for
        # orphans removes the file.
        log.warning("upload_unsure", request_id=request_id)
        raise
    except BaseException:
        discard(adapters.store, key)
        raise
    if not first:
        discard(adapters.store, key)
        kept = _kept_answer(adapters, owner, idempotency_key or "", fingerprint)
        if kept is None:
            # The row that refused ours was committed; it can only have been deleted since.
            raise ServiceUnavailable("The first upload with this key was just deleted.")
        return kept
    log.info(
        "request_accepted",
        request_id=request_id,
        products=findings.products,
        images=findings.images,
        places=findings.places,
    )
    adapters.metrics.work.request_accepted()
    adapters.hints.send("request.ingest", request_id)
    return answer


def clean_filename(filename: str) -> str:
    """The caller's name for the file without folders and control characters."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(
        character for character in name if not unicodedata.category(character).startswith("C")
    ).strip()
    return name[-FILENAME_LENGTH_MAX:] or "products.csv"


def _check(adapters: Adapters, table: Table, reading: Reading) -> Findings:
    findings = validate(
        table.content,
        max_rows=adapters.settings.max_rows,
        encoding=reading.encoding,
        columns=reading.columns,
        base_url=reading.base_url,
        accept_valid_rows=reading.accept_valid_rows,
        sheet=table.sheet,
    )
    if findings.bad_rows:
        findings.warnings.append(_left_out(findings))
    return findings


def _left_out(findings: Findings) -> str:
    # The errors that are kept are the first ones; of rows with many errors these are fewer rows.
    rows = list(dict.fromkeys(error.row for error in findings.errors))[:BAD_ROWS_NAMED]
    named = ", ".join(f"{row:,}" for row in rows)
    more = findings.bad_rows - len(rows)
    one = findings.bad_rows == 1
    return (
        f"{_count(findings.bad_rows, 'row')} with errors {'is' if one else 'are'} left out: "
        f"{'row' if one else 'rows'} {named}{f' and {more:,} more' if more else ''}. In the output "
        f"{'it has' if one else 'they have'} no addresses."
    )


def _write(
    adapters: Adapters,
    answer: dict[str, Any],
    findings: Findings,
    filename: str,
    options: ProcessingOptions,
    webhook_url: str | None,
    owner: str,
    idempotency_key: str | None,
    fingerprint: str,
) -> bool:
    moment = now()
    request_id = answer["request_id"]
    with adapters.database.transaction() as connection:
        requests.add(
            connection,
            {
                "id": request_id,
                "owner": owner,
                "status": RequestStatus.PENDING.value,
                "filename": clean_filename(filename),
                "options": options.model_dump(mode="json"),
                "picture_digest": options.picture_digest,
                "detected": findings.detected.to_json() | {"public": findings.detected.public()},
                "warnings": findings.warnings,
                "webhook_url": webhook_url or adapters.settings.webhook_url,
                "created_at": moment,
                "updated_at": moment,
                "products": findings.products,
                "places": findings.places,
                "images_total": findings.images,
            },
        )
        first = idempotency_key is None or idempotency.keep(
            connection,
            owner=owner,
            key=idempotency_key,
            fingerprint=fingerprint,
            request_id=request_id,
            answer=answer,
            now=moment,
            since=moment - IDEMPOTENCY_KEPT,
        )
        if first:
            # After the Idempotency-Key: a repeat gets its answer, however much the key has used.
            check_new_request(
                connection, adapters.settings, owner, images=findings.images, moment=moment
            )
        else:
            requests.remove(connection, request_id)
        return first


def _kept_answer(
    adapters: Adapters, owner: str, key: str, fingerprint: str
) -> dict[str, Any] | None:
    with adapters.database.read() as connection:
        kept = idempotency.find(connection, owner=owner, key=key, since=now() - IDEMPOTENCY_KEPT)
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        raise IdempotencyMismatch(
            "This Idempotency-Key was sent with another file or other options within the last "
            "24 hours; use a new key for a new upload."
        )
    return kept.answer


def _fingerprint(
    content: BinaryIO,
    options: ProcessingOptions,
    webhook_url: str | None,
    reading: Reading,
) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(1_048_576):
        digest.update(chunk)
    content.seek(0)
    rest = [options.model_dump(mode="json"), webhook_url, asdict(reading)]
    digest.update(json.dumps(rest, sort_keys=True).encode())
    return digest.hexdigest()


def _check_webhook(adapters: Adapters, webhook_url: str | None) -> None:
    if webhook_url is None:
        return
    try:
        asyncio.run(adapters.webhooks.check(webhook_url))
    except DnsFailed:
        # A receiver that is not up yet is no reason to refuse: each delivery looks again.
        log.info("webhook_host_unresolved_at_registration")
    except ImageError as error:
        raise OptionInvalid(f"webhook_url: {error.message}", option="webhook_url") from error


def _found(findings: Findings) -> dict[str, Any]:
    return {
        "products": findings.products,
        "images": findings.images,
        "places": findings.places,
        "duplicates": findings.duplicates,
        "hosts": findings.host_count,
        "top_hosts": [{"host": host, "places": places} for host, places in findings.hosts],
        "bad_rows": findings.bad_rows,
        "warnings": findings.warnings,
        "detected": findings.detected.public(),
    }


def _message(findings: Findings, verdict: str) -> str:
    return (
        f"{_count(findings.products, 'product')} with {_count(findings.images, 'image')} {verdict}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
