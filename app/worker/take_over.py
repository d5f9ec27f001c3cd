"""Pictures that an earlier request made: ask whether they still hold, and take them over."""

from functools import partial

import structlog

from app.adapters import now
from app.db.images.reuse import EarlierImage
from app.db.queue import ClaimedImage, Outcome
from app.domain.errors import StorageFailed, StoreError
from app.domain.statuses import ImageStatus
from app.outbound.fetch import FetchedImage, Validators
from app.storage.base import Store
from app.worker.context import WorkerContext
from app.worker.store_wait import wait_for_store

log = structlog.get_logger(__name__)


async def fetch_unless_unchanged(
    context: WorkerContext, image: ClaimedImage
) -> FetchedImage | None:
    """The image from its host; None where it is still the one that an earlier request took.

    Raises:
        ImageError: see `ImageFetcher.fetch`.
    """
    earlier = image.earlier
    if earlier is None:
        return await context.fetcher.fetch(image.source_url)
    result = earlier.result
    told_at = result.final_url or image.source_url
    known = Validators(told_at, result.etag, result.last_modified)
    return await context.fetcher.fetch_if_changed(image.source_url, known)


async def take_over(context: WorkerContext, image: ClaimedImage) -> Outcome | None:
    """The unchanged image, done with what an earlier request made; None where that is gone.

    Raises:
        StorageFailed: the store cannot be asked.
    """
    earlier = image.earlier
    if earlier is not None and await _still_stored(context.adapters.store, earlier):
        return _taken_over(image, earlier)
    log.warning("earlier_picture_missing", request_id=image.request_id, seq=image.seq)
    return None


def _taken_over(image: ClaimedImage, earlier: EarlierImage) -> Outcome:
    """The image done with the files that the earlier request made, validators and all."""
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status=ImageStatus.COMPLETED.value,
        finished_at=now(),
        result=earlier.result,
        reuse_key=image.reuse_key,
        reused_from=earlier.made_by,
        taken_from=earlier.request_id,
    )


async def _still_stored(store: Store, earlier: EarlierImage) -> bool:
    """Whether the files are there, and as long as they were written."""
    try:
        for file in earlier.result.all_files():
            if await wait_for_store(file.key, partial(store.size_of, file.key)) != file.bytes:
                return False
    except StoreError as error:
        raise StorageFailed("The earlier picture could not be looked up.") from error
    return True
