"""One claimed image looked at, where a request only checks: no codec, nothing stored."""

import asyncio
from functools import partial

from app.adapters import now
from app.db.queue import Outcome
from app.domain.results import ImageResult, Source, joined
from app.domain.statuses import ImageStatus
from app.imaging.heads.look import look
from app.worker import fetching
from app.worker.context import WorkerContext
from app.worker.slots import Slot


async def check(context: WorkerContext, slot: Slot) -> Outcome:
    """Look at the first bytes of an image, and say of it what they say.

    Raises:
        HostRefused: see `fetching.look`.
        ImageError: what compressing the image would have failed with, as far as its first bytes
            show it.
    """
    image = slot.image
    window, metrics = context.slots.window, context.adapters.metrics.work
    with window.fetching(image.request_id, image.seq), metrics.fetch_seconds.time():
        looked = await fetching.look(context, slot)
    slot.hold(len(looked.data))
    # In a thread: packed metadata of a hostile file may take longer than other fetches should wait.
    head = await asyncio.to_thread(
        partial(
            look,
            looked.data,
            whole=looked.size_bytes == len(looked.data),
            max_pixels=context.adapters.settings.max_image_pixels,
        )
    )
    width, height = head.size or (None, None)
    return Outcome(
        seq=image.seq,
        fence=image.fence,
        host=image.host,
        status=ImageStatus.COMPLETED.value,
        finished_at=now(),
        result=ImageResult(
            source=Source(looked.size_bytes, width, height, head.format),
            notes=joined(head.notes),
        ),
    )
