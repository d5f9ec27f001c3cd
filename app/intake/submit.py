"""Take a CSV: check the whole file, keep it, write the request, and only then say yes."""

import asyncio
from collections.abc import Mapping
from typing import Any, BinaryIO

import structlog
import uuid_utils

from app import memory
from app.access.limits import check_new_request, early_refusal
from app.adapters import Adapters, now
from app.catalog.reader import Findings
from app.db import requests
from app.domain.errors import (
    DatabaseUnavailable,
    DnsFailed,
    ImageError,
    OptionInvalid,
    ServiceUnavailable,
)
from app.domain.naming import clean_filename, upload_key
from app.domain.options import ProcessingOptions
from app.domain.statuses import RequestStatus
from app.domain.tasks import Task
from app.intake.check import Reading, check_upload, found, message
from app.intake.idempotency import Call, fingerprint, keep_answer, kept_answer
from app.intake.upload_copy import discard, stored_beside
from app.intake.workbook import open_table
from app.results.documents import links

log = structlog.get_logger(__name__)

# For those who upload: of the disk itself the operator reads in the log.
NO_ROOM = (
    "There is no room left to keep new files. Delete requests that you no longer need, or ask the "
    "operator to make room, then upload again."
)
_RECOGNISED = Reading()


def submit(
    adapters: Adapters,
    *,
    content: BinaryIO,
    filename: str,
    options: ProcessingOptions,
    webhook_url: str | None,
    owner: str,
    idempotency_key: str | None = None,
    reading: Reading = _RECOGNISED,
) -> dict[str, Any]:
    """Accept a CSV for processing and return the answer; from then on it is kept.

    Args:
        content: the file, open and seekable.
        owner: digest of the caller's API key; empty where the service is open.
        idempotency_key: a repeat with the same key, file and options gets the first answer.
        reading: what the caller says of the file; all is recognised where nothing is said.
    Raises:
        RequestError: the file or an option cannot be used, the Idempotency-Key was used for another
            upload, the API key has used up what it may (`limits`), or there is no room.
        StoreError, DatabaseUnavailable: nothing was accepted.
    """
    # Asked before the kept answer is: an upload that is just now done with this Idempotency-Key
    # must answer its repeats, not refuse them.
    refusal = early_refusal(adapters, owner)
    call = None
    if idempotency_key is not None:
        call = Call(owner, idempotency_key, fingerprint(content, options, webhook_url, reading))
        kept = kept_answer(adapters, call)
        if kept is not None:
            return kept
    if refusal is not None:
        raise refusal
    if not adapters.disk.takes_uploads():
        log.error("upload_refused_disk_nearly_full", free_bytes=adapters.disk.free_bytes())
        raise ServiceUnavailable(NO_ROOM)
    _check_webhook(adapters, webhook_url)
    request_id = str(uuid_utils.uuid7())
    key = upload_key(request_id)
    with (
        open_table(
            content, max_bytes=adapters.settings.max_upload_bytes, wanted=reading.wanted
        ) as table,
        stored_beside(adapters.store, key, table.content) as store,
    ):
        findings = check_upload(adapters.settings, table, reading)
        store()
    memory.give_back(findings.places)
    answer = {
        "request_id": request_id,
        "status": RequestStatus.PENDING.value,
        "message": message(findings, "accepted"),
        **found(findings),
        "links": links(adapters.settings.base_url, request_id),
    }
    about = {
        "owner": owner,
        "filename": clean_filename(filename),
        "options": options.model_dump(mode="json"),
        "picture_digest": options.picture_digest,
        "webhook_url": webhook_url or adapters.settings.webhook_url,
    }
    try:
        first = _write(adapters, about, findings, answer, call)
    except DatabaseUnavailable:
        # Perhaps only the answer to the commit was lost. Then the request is there, and a repeat
        # with its Idempotency-Key gets a 202: its file must exist as well. If not, the sweep for
        # orphans removes the file.
        log.warning("upload_unsure", request_id=request_id)
        raise
    except BaseException:
        discard(adapters.store, key)
        raise
    if call is not None and not first:
        discard(adapters.store, key)
        kept = kept_answer(adapters, call)
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
    adapters.hints.send(Task.INGEST, request_id)
    return answer


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


def _write(
    adapters: Adapters,
    about: Mapping[str, Any],
    findings: Findings,
    answer: Mapping[str, Any],
    call: Call | None,
) -> bool:
    """Write the request and, for repeats, its answer; False where this is a repeat itself.

    Args:
        about: the columns that hold what the caller said.
    """
    moment = now()
    request_id = answer["request_id"]
    with adapters.database.transaction() as connection:
        requests.add(
            connection,
            {
                **about,
                "id": request_id,
                "status": answer["status"],
                "detected": findings.detected.to_json() | {"public": findings.detected.public()},
                "warnings": findings.warnings,
                "created_at": moment,
                "updated_at": moment,
                "products": findings.products,
                "places": findings.places,
                "images_total": findings.images,
            },
        )
        first = call is None or keep_answer(connection, call, answer, moment=moment)
        if first:
            # After the Idempotency-Key: a repeat gets its answer, however much the key has used.
            check_new_request(
                connection,
                adapters.settings,
                about["owner"],
                images=findings.images,
                moment=moment,
            )
        else:
            requests.remove(connection, request_id)
        return first
