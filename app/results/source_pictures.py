"""Pictures at their sources, looked at once more: for whoever compares before and after.

The browser must not ask a stranger's host, so we do, through the same guard as all fetches, and
within limits that make this useless as a proxy: few bytes, little time, few at once, pictures only.
"""

import asyncio
from dataclasses import dataclass

import structlog

from app.adapters import Adapters
from app.domain.errors import ImageError, ServiceUnavailable, WrongState
from app.domain.formats import content_type
from app.domain.retry import CALL_AGAIN_SOON_SECONDS
from app.imaging.files.sniff import identify, without_front
from app.outbound.fetch import FetchConfig, ImageFetcher
from app.samples.sample import SamplePictures

log = structlog.get_logger(__name__)

MAX_BYTES = 10_000_000
TIMEOUT_SECONDS = 10.0
AT_ONCE = 4
WAIT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """A stranger's bytes that begin as a picture of this type does."""

    data: bytes
    content_type: str


class SourcePictures:
    """Fetches single pictures for one event loop."""

    def __init__(self, adapters: Adapters) -> None:
        settings = adapters.settings
        self._guard = adapters.guard
        self._rules = adapters.host_rules
        self._samples = SamplePictures(settings.base_url)
        self._config = FetchConfig(
            timeout_seconds=min(TIMEOUT_SECONDS, settings.fetch_timeout_seconds),
            max_bytes=min(MAX_BYTES, settings.max_image_bytes),
            connections_per_host=1,
            user_agent=settings.fetch_user_agent,
        )
        self._places = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, url: str) -> SourcePicture:
        """The picture at an address of a request that the caller owns.

        Raises:
            WrongState: its host does not give it now, or it is no picture that is read here.
            ServiceUnavailable: others look at as many as may be looked at.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise ServiceUnavailable(
                "Too many pictures are looked at.", retry_after_seconds=CALL_AGAIN_SOON_SECONDS
            ) from None
        try:
            return await self._fetch(url)
        except ImageError as error:
            log.info("source_picture_failed", code=error.code)
            raise WrongState(f"The picture before cannot be shown. {error.message}") from error
        finally:
            self._places.release()

    async def _fetch(self, url: str) -> SourcePicture:
        # One for each picture: looked at are few, and no connection is left to be closed later.
        fetcher = ImageFetcher(
            self._guard, self._config, rules=self._rules, own_file=self._samples.find
        )
        try:
            fetched = await fetcher.fetch(url)
        finally:
            await fetcher.aclose()
        # A browser knows a picture by its first byte.
        picture = without_front(fetched.data)
        return SourcePicture(picture, content_type(identify(picture)))
