"""One claimed image through the pipe: fetch, compress, store. Always ends in an Outcome.

A request that only checks has its images looked at instead (`check.py`).
"""

import random
import time
from datetime import timedelta

import structlog

from app.adapters import now
from app.db.queue import ClaimedImage, Outcome
from app.domain.errors import (
    DecoderCrashed,
    DecoderOutOfMemory,
    ImageError,
    InternalError,
    StorageFailed,
    StoreError,
)
from app.domain.formats import content_type, extension
from app.domain.naming import image_key, original_key
from app.domain.options import Mode, ProcessingOptions
from app.domain.results import ImageResult, Source, StoredFile, joined
from app.domain.retry import CODEC_CRASH, image_retry_delay
from app.domain.statuses import ImageStatus
from app.imaging.result import CompressedImage
from app.outbound.fetch import FetchedImage
from app.retrying import keep_trying
from app.storage.base import Store
from app.worker.check import check
from app.worker.context import WorkerContext
from app.worker.fetching import HostRefused, fetch
from app.worker.slots import Slot
from app.worker.store_wait import wait_for_store
from app.worker.take_over import take_over

log = structlog.get_logger(__name__)


async def attempt(context: WorkerContext, slot: Slot, options: ProcessingOptions) -> Outcome:
    """Do one attempt at an image. The object is stored before the outcome exists."""
    image, started = slot.image, time.perf_counter()
    try:
        if options.mode is Mode.CHECK:
            outcome = await check(context, slot)
        else:
            outcome = await _through_the_pipe(context, slot, options)
    except HostRefused as refused:
        outcome = _refused(image, refused.error)
    except ImageError as error:
        outcome = failure(context, image, error)
    except Exception:
        # Whatever a library comes up with ends this image, never its neighbours.
        log.exception("image_attempt_crashed", request_id=image.request_id, seq=image.seq)
        outcome = failure(context, image, InternalError("Something went wrong on our side."))
    return outcome._replace(duration_ms=round(1000 * (time.perf_counter() - started)))


async def _through_the_pipe(
    context: WorkerContext, slot: Slot, options: ProcessingOptions
) -> Outcome:
    image, metrics = slot.image, context.adapters.metrics.work
    with context.slots.window.fetching(image.request_id, image.seq), metrics.fetch_seconds.time():
        fetched = await fetch(context, slot)
    if fetched is None:
        outcome = await take_over(context, image)
        if outcome is not None:
            return outcome
        # Seldom enough to go without a permit of its own.
        fetched = await context.fetcher.fetch(image.source_url)
    slot.hold(len(fetched.data))
    source_bytes = len(fetched.data)
    compressed = await _compress(context, fetched.data, options)
    if not options.keep_originals:
        # A slow store must not keep both in memory.
        fetched = fetched.without_data()
    slot.hold(len(fetched.data) + len(compressed.data))
    await slot.to_store()
    with metrics.store_seconds.time():
        outcome = await _store(context, image, options, fetched, source_bytes, compressed)
    slot.stored()
    return outcome


def failure(context: WorkerContext, image: ClaimedImage, error: ImageError) -> Outcome:
    """The outcome of a failed attempt: another one later, or the image's end."""
    delay = image_retry_delay(
        error,
        attempt=image.attempt,
        max_attempts=context.adapters.settings.fetch_max_attempts,
        chance=random.random(),  # noqa: S311 (spreads load, guards nothing)
    )
    final = delay is None
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status=ImageStatus.FAILED.value if final else ImageStatus.PENDING.value,
        not_before=now() + timedelta(seconds=delay) if delay is not None else None,
        finished_at=now() if final else None,
        error_code=error.code,
        error_message=error.message,
        http_status=error.http_status,
    )


def _refused(image: ClaimedImage, error: ImageError) -> Outcome:
    """The image waits for its host: no attempt is counted, and the reason can be seen."""
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status=ImageStatus.PENDING.value,
        uncounted=1,
        error_code=error.code,
        error_message=error.message,
        http_status=error.http_status,
    )


async def _compress(
    context: WorkerContext, data: bytes, options: ProcessingOptions
) -> CompressedImage:
    return await keep_trying(
        CODEC_CRASH,
        lambda: context.codecs.compress(data, options.pictures),
        on=DecoderCrashed,
        failed=lambda error, _: not isinstance(error, DecoderOutOfMemory),
    )


async def _store(
    context: WorkerContext,
    image: ClaimedImage,
    options: ProcessingOptions,
    fetched: FetchedImage,
    source_bytes: int,
    compressed: CompressedImage,
) -> Outcome:
    store = context.adapters.store
    source = Source(
        source_bytes, compressed.source_width, compressed.source_height, compressed.source_format
    )
    file = StoredFile(
        _key(image, compressed.format),
        len(compressed.data),
        compressed.width,
        compressed.height,
        compressed.format,
    )
    original: StoredFile | None = None
    try:
        if options.keep_originals:
            original = StoredFile(
                original_key(_key(image, compressed.source_format)),
                source_bytes,
                source.width,
                source.height,
                source.format,
            )
            await _put(store, original.key, fetched.data, compressed.source_format)
        await _put(store, file.key, compressed.data, compressed.format)
    except StoreError as error:
        log.warning("image_not_stored", request_id=image.request_id, error=str(error))
        raise StorageFailed("The compressed image could not be stored.") from error
    can_be_asked = fetched.etag is not None or fetched.last_modified is not None
    redirected = fetched.final_url != image.source_url
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status=ImageStatus.COMPLETED.value,
        finished_at=now(),
        result=ImageResult(
            source=source,
            file=file,
            original=original,
            kept=compressed.kept,
            notes=joined(compressed.notes),
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            final_url=fetched.final_url if can_be_asked and redirected else None,
        ),
        reuse_key=image.reuse_key if can_be_asked else None,
    )


async def _put(store: Store, key: str, data: bytes, format_name: str) -> None:
    """Store an object; a store that is away is waited for."""
    await wait_for_store(key, lambda: store.put(key, data, content_type=content_type(format_name)))


def _key(image: ClaimedImage, format_name: str) -> str:
    return image_key(
        image.request_id,
        row=image.row,
        position=image.position,
        product_name=image.product_name,
        extension=extension(format_name),
    )
