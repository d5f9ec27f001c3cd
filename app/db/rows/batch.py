"""Rows of a CSV that are written in one transaction, and which of their places are images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.db.images.url_digest import digest_of
from app.domain.statuses import ImageStatus

PENDING = ImageStatus.PENDING.value


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to write in one transaction, in columns.

    Item n of the first four is of product n; `url_counts` says how many of `urls` it has. `hosts`
    has one for each URL. `places_before` is how many places of the file come before the batch.
    With `urls_repeat` the file may repeat a URL; without, each is an image unseen.
    """

    rows: Sequence[int]
    serial_numbers: Sequence[str]
    names: Sequence[str]
    url_counts: Sequence[int]
    urls: Sequence[str]
    hosts: Sequence[str]
    places_before: int = 0
    urls_repeat: bool = True


class PreparedBatch(Protocol):
    """A batch in the form that one database takes."""

    def write(self, connection: Connection) -> int:
        """Insert the rows, once; returns how many images were new to the request."""


class Places:
    """The places of a batch, one for each URL, and which of them are images.

    `first` are the indexes of each URL's first place in the batch (an earlier batch may have the
    URL as well), `again` all others. `seqs` are the running numbers of those in `first`.
    """

    def __init__(self, batch: Batch) -> None:
        counts = np.array(batch.url_counts, dtype=np.int64)
        before = np.cumsum(counts) - counts
        self.firsts_of_rows: NDArray[np.int64] = batch.places_before + 1 + before
        self.urls = list(map(str.encode, batch.urls))
        self.rows = np.repeat(np.array(batch.rows, dtype=np.int64), counts)
        self.positions = np.arange(1, len(batch.urls) + 1) - np.repeat(before, counts)
        self.digests = [digest_of(url) for url in self.urls] if batch.urls_repeat else []
        known: dict[bytes, int] = {}
        for index, digest in enumerate(self.digests):
            known.setdefault(digest, index)
        is_first = np.full(len(self.urls), not batch.urls_repeat)
        is_first[list(known.values())] = True
        self.first = np.flatnonzero(is_first)
        self.again = np.flatnonzero(~is_first)
        self.seqs: NDArray[np.int64] = batch.places_before + 1 + self.first
