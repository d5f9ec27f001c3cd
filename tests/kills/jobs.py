"""What is uploaded in these tests: small CSVs, each picture of which is unlike the others."""

import itertools
from dataclasses import dataclass, field
from functools import lru_cache

from tests.factories import make_csv, make_jpeg
from tests.parts.image_host import ImageHost

Size = tuple[int, int]

SMALL: Size = (16, 16)
# Keeps a decoder busy long enough that a kill can meet it.
LARGE: Size = (1600, 1200)
LARGE_EVERY = 5
_numbers = itertools.count(1)


@lru_cache(maxsize=200)
def _jpeg(width_px: int, height_px: int) -> bytes:
    return make_jpeg(width_px, height_px, seed=width_px)


@dataclass
class Job:
    """One CSV on its way, from before its upload until its last check.

    `urls` has the distinct URLs in the file's order, `sizes` their pictures' (width, height): each
    one is a pixel wider than the one before, so that a result in the wrong place is noticed. Every
    row has two URLs; the last row says the first and the second one once more.
    """

    key: str
    content: bytes
    urls: list[str]
    sizes: list[Size]
    missing: set[str] = field(default_factory=set)
    request_id: str = ""
    runs: int = 1
    cancelled: bool = False

    @property
    def products(self) -> int:
        return len(self.urls) // 2 + 1

    @property
    def places(self) -> list[tuple[int, int, str]]:
        """(row, position, URL) of every place; row 1 is the header."""
        pairs = [self.urls[n : n + 2] for n in range(0, len(self.urls), 2)] + [self.urls[:2]]
        return [
            (row, position, url)
            for row, pair in enumerate(pairs, start=2)
            for position, url in enumerate(pair, start=1)
        ]

    def path(self, url: str) -> str:
        """What the image host calls it."""
        return url.partition("127.0.0.1:")[2].partition("/")[2]


def make_job(
    host: ImageHost, *, images: int = 8, delay: float = 0.05, missing: int = 0, large: bool = False
) -> Job:
    """A new CSV; the last `missing` of its images are not there (404).

    Args:
        delay: seconds that the image host takes for each.
        large: every fifth picture is large.
    """
    key = f"job-{next(_numbers)}"
    urls = [host.url(f"{key}/{n}.jpg") for n in range(images)]
    sizes = [_size(number, large=large) for number in range(images)]
    gone = set(urls[images - missing :])
    for number, (url, size) in enumerate(zip(urls, sizes, strict=True)):
        if url not in gone:
            host.add(f"{key}/{number}.jpg", _jpeg(*size), delay=delay)
    pairs = [urls[n : n + 2] for n in range(0, images, 2)] + [urls[:2]]
    cells = [[str(n), f"Product {n}", ",".join(pair)] for n, pair in enumerate(pairs, start=1)]
    return Job(key, make_csv(cells=cells), urls, sizes, gone)


def quicken(host: ImageHost, job: Job) -> None:
    """Answer at once for every picture of the job, the missing ones, too."""
    for number, size in enumerate(job.sizes):
        host.add(f"{job.key}/{number}.jpg", _jpeg(*size))
    job.missing = set()


def _size(number: int, *, large: bool) -> Size:
    width, height = LARGE if large and number % LARGE_EVERY == 0 else SMALL
    return width + number, height
