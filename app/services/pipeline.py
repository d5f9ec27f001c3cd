"""One claimed image through the pipe: fetch, compress, store. Always ends in an Outcome."""

import asyncio
import random
import time
from dataclasses import replace
from datetime import timedelta

import structlog

from app.db.queue import ClaimedImage, Outcome
from app.domain.errors import (
    DecoderCrashed,
    DecoderOutOfMemory,
    ImageError,
    InternalError,
    StorageFailed,
    StoreError,
)
from app.domain.naming import image_key, original_key
from app.domain.options import ProcessingOptions
from app.domain.retry import image_retry_delay
from app.domain.statuses import ImageStatus
from app.imaging.compress import CompressedImage
from app.imaging.formats import content_type, extension
from app.services.adapters import now
from app.services.workshop import Workshop
from app.storage.base import Store

log = structlog.get_logger(__name__)

# A store that is away holds up every image alike. Waiting for it with the result in hand costs a
# place in the pipe; giving up would cost the hosts another download, and soon the image.
STORE_PATIENCE_SECONDS = 60.0
STORE_PAUSE_SECONDS = 1.0


async def process_image(shop: Workshop, image: ClaimedImage, options: ProcessingOptions) -> Outcome:
    """Do one attempt at an image. The object is stored before the outcome exists."""
    started = time.perf_counter()
    held = 0
    try:
        with shop.flow.fetching(image.request_id, image.seq):
            fetched = await shop.fetcher.fetch(image.source_url)
        held = len(fetched.data)
        shop.flow.held_bytes += held
        compressed = await _compress(shop, fetched.data, options)
        outcome = await _store(shop, image, options, fetched.data, compressed)
    except ImageError as error:
        outcome = failure(shop, image, error)
    except Exception:
        # Whatever a library comes up with ends this image, never its neighbours.
        log.exception("image_attempt_crashed", request_id=image.request_id, seq=image.seq)
        outcome = failure(shop, image, InternalError("Something went wrong on our side."))
    finally:
        shop.flow.held_bytes -= held
    return _timed(outcome, started)


def failure(shop: Workshop, image: ClaimedImage, error: ImageError) -> Outcome:
    """The outcome of a failed attempt: another one later, or the image's end."""
    delay = image_retry_delay(
        error,
        attempt=image.attempt,
        max_attempts=shop.adapters.settings.fetch_max_attempts,
        chance=random.random(),  # noqa: S311 (spreads load, guards nothing)
    )
    final = delay is None
    log.info(
        "image_attempt_failed",
        request_id=image.request_id,
        seq=image.seq,
        code=error.code,
        attempt=image.attempt,
        final=final,
    )
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        status=ImageStatus.FAILED.value if final else ImageStatus.PENDING.value,
        not_before=now() + timedelta(seconds=delay) if delay is not None else None,
        finished_at=now() if final else None,
        error_code=error.code,
        error_message=error.message,
        http_status=error.http_status,
    )


async def _compress(shop: Workshop, data: bytes, options: ProcessingOptions) -> CompressedImage:
    try:
        return await shop.codecs.compress(data, options)
    except DecoderOutOfMemory:
        raise
    except DecoderCrashed:
        # Somebody else may have ended the child, such as the kernel when memory is short. A picture
        # that brings decoders down does so once more, and fails.
        return await shop.codecs.compress(data, options)


async def _store(
    shop: Workshop,
    image: ClaimedImage,
    options: ProcessingOptions,
    original: bytes,
    compressed: CompressedImage,
) -> Outcome:
    store = shop.adapters.store
    kept_original: str | None = None
    key = _key(image, compressed.format)
    try:
        if options.keep_originals:
            kept_original = original_key(_key(image, compressed.source_format))
            await _put(store, kept_original, original, compressed.source_format)
        await _put(store, key, compressed.data, compressed.format)
    except StoreError as error:
        log.warning("image_not_stored", request_id=image.request_id, error=str(error))
        raise StorageFailed("The compressed image could not be stored.") from error
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        status=ImageStatus.COMPLETED.value,
        finished_at=now(),
        storage_key=key,
        original_key=kept_original,
        kept=compressed.kept,
        format=compressed.format,
        width=compressed.width,
        height=compressed.height,
        input_bytes=len(original),
        output_bytes=len(compressed.data),
        notes=compressed.notes,
    )


async def _put(store: Store, key: str, data: bytes, format_name: str) -> None:
    """Store an object; a store that is away is waited for, while the turn renews the lease."""
    patience_ends: float | None = None
    while True:
        try:
            await store.put(key, data, content_type=content_type(format_name))
        except StoreError as error:
            if patience_ends is None:
                log.warning("store_waited_for", key=key, error=str(error))
                patience_ends = time.monotonic() + STORE_PATIENCE_SECONDS
            elif time.monotonic() > patience_ends:
                raise
        else:
            return
        await asyncio.sleep(STORE_PAUSE_SECONDS)


def _key(image: ClaimedImage, format_name: str) -> str:
    return image_key(
        image.request_id,
        row=image.row,
        position=image.position,
        product_name=image.product_name,
        extension=extension(format_name),
    )


def _timed(outcome: Outcome, started: float) -> Outcome:
    return replace(outcome, duration_ms=round(1000 * (time.perf_counter() - started)))
