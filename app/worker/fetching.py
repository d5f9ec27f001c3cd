"""One image asked of its host: what the answer means for the image, and what for the host."""

from collections.abc import Awaitable
from typing import TypeVar

from app.domain.errors import ImageError, RateLimited
from app.domain.hosts.exchange import shown_host
from app.outbound.fetch import FetchedHead, FetchedImage
from app.worker.context import WorkerContext
from app.worker.hosts.answers import Answer, Kind, judge
from app.worker.slots import Slot
from app.worker.take_over import fetch_unless_unchanged

_Found = TypeVar("_Found")


class HostRefused(Exception):
    """The image's host takes no requests now; the image has done nothing wrong.

    Args:
        error: what it answered.
    """

    def __init__(self, error: ImageError) -> None:
        super().__init__(error.message)
        self.error = error


async def fetch(context: WorkerContext, slot: Slot) -> FetchedImage | None:
    """The image from its host, whose answer the other workers learn as well.

    None: unchanged, see `fetch_unless_unchanged`.

    Raises:
        HostRefused: the host takes no requests now.
        ImageError: the image's own trouble, see `ImageFetcher.fetch`; RateLimited where the host
            wants to be left alone for longer than our patience.
    """
    return await _asked(context, slot, fetch_unless_unchanged(context, slot.image))


async def look(context: WorkerContext, slot: Slot) -> FetchedHead:
    """The first bytes of the image, asked for and reported as in `fetch`."""
    return await _asked(context, slot, context.fetcher.look(slot.image.source_url))


async def _asked(context: WorkerContext, slot: Slot, question: Awaitable[_Found]) -> _Found:
    image, hosts = slot.image, context.slots.hosts
    try:
        found = await question
    except ImageError as error:
        # One that failed before and fails again says little of its host.
        in_a_row = hosts.unavailable_in_a_row(image.host) if image.attempt == 1 else 0
        answer = judge(
            error, patience_seconds=hosts.patience(image.host), unavailable_in_a_row=in_a_row
        )
        if answer.kind is Kind.IMPATIENT:
            impatient = rate_limited(image.host, answer.retry_after or 0.0, error)
            slot.answered(answer._replace(error=impatient.message))
            raise impatient from error
        slot.answered(answer)
        if answer.refused:
            raise HostRefused(error) from error
        raise
    slot.answered(Answer(Kind.GOOD))
    return found


def rate_limited(host: str, wait_seconds: float, error: ImageError) -> RateLimited:
    """The end of an image whose host asks for more time than we wait."""
    minutes = wait_seconds / 60
    asked = f"{minutes:,.0f} minutes" if minutes < 120 else f"{minutes / 60:,.0f} hours"
    return RateLimited(
        f"{shown_host(host)} asks us to wait for {asked}, which is longer than we do. Try these "
        "images again after that time.",
        http_status=error.http_status,
    )
