"""What is uploaded in these tests: small CSVs of which every picture can be told from the others."""

import itertools
from dataclasses import dataclass, field
from functools import lru_cache

from tests.factories import make_csv, make_jpeg
from tests.parts.image_host import ImageHost

WIDTH_MIN, HEIGHT = 16, 16
_numbers = itertools.count(1)


@lru_cache(maxsize=200)
def _jpeg(number: int) -> bytes:
    return make_jpeg(WIDTH_MIN + number, HEIGHT, seed=number)


@dataclass
class Job:
    """One CSV on its way, from before its upload until its last check.

    `urls` has the distinct URLs in the file's order: the picture at index n is `WIDTH_MIN + n` wide,
    so that a result in the wrong place is noticed. Every row has two of them; the last row says the
    first and the second URL once more.
    """

    key: str
    content: bytes
    urls: list[str]
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


def make_job(host: ImageHost, *, images: int = 8, delay: float = 0.05, missing: int = 0) -> Job:
    """A new CSV; the last `missing` of its images are not there (404)."""
    key = f"job-{next(_numbers)}"
    urls = [host.url(f"{key}/{n}.jpg") for n in range(images)]
    gone = set(urls[images - missing :])
    for number, url in enumerate(urls):
        if url not in gone:
            host.add(f"{key}/{number}.jpg", _jpeg(number), delay=delay)
    pairs = [urls[n : n + 2] for n in range(0, images, 2)] + [urls[:2]]
    cells = [[str(n), f"Product {n}", ",".join(pair)] for n, pair in enumerate(pairs, start=1)]
    return Job(key, make_csv(cells=cells), urls, gone)


def heal(host: ImageHost, job: Job) -> None:
    """Put the job's missing pictures where they belong."""
    for number, url in enumerate(job.urls):
        if url in job.missing:
            host.add(f"{job.key}/{number}.jpg", _jpeg(number))
    job.missing = set()
