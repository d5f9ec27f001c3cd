"""Writing a CSV's rows in bulk: binary COPY on Postgres, executemany on SQLite.

A batch is prepared first. That is nearly all of the work in Python, and it can be done while the
database takes the batch before it.
"""

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection, Insert, bindparam, exists, insert, select
from sqlalchemy.dialects import sqlite

from app.db.binary_copy import bigints, digests, packed, same_moment, same_text, same_uuid
from app.db.models import Image, Product, ProductImage
from app.domain.statuses import ImageStatus

T = TypeVar("T")

PENDING = ImageStatus.PENDING.value
# In the sequence in which `_Copies` has them: texts that differ stand behind the others.
PRODUCT_COLUMNS = "request_id, row, first_place, name, serial_number"
PLACE_COLUMNS = "request_id, row, position, url_digest"
IMAGE_COLUMNS = "request_id, status, not_before, seq, row, position, source_url, host"
REPEATED_COLUMNS = (
    "request_id, status, not_before, seq, row, position, url_digest, source_url, host"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to write in one transaction, in columns.

    Item n of the first four is of product n; `url_counts` says how many of `urls` it has. `hosts`
    has one for each URL. `places_before` is how many places of the file stand before the batch.
    With `urls_repeat` a URL may stand several times in the file; without, each is an image unseen.
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


def digest_of(url: bytes) -> bytes:
    """What a URL is known by where it may be too long: 16 bytes."""
    return hashlib.blake2b(url, digest_size=16).digest()


def prepare(batch: Batch, request_id: str, *, now: datetime, is_sqlite: bool) -> PreparedBatch:
    """Make of a batch what its database takes.

    Args:
        now: from when on its images may be claimed.
    Raises:
        UnicodeEncodeError: a text has half of a character, which no database stores.
    """
    places = _Places(batch)
    if is_sqlite:
        return _Inserts(batch, places, request_id, now)
    return _Copies(batch, places, request_id, now)


class _Places:
    """The places of a batch, one for each URL, and which of them are images.

    `first` are the indexes of places whose URL stands there first within the batch (it may stand in
    an earlier one, too), `again` all others. `seqs` are the running numbers of those in `first`.
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


def _those(items: Sequence[T], indexes: NDArray[np.int64]) -> Sequence[T]:
    return items if len(items) == indexes.size else [items[index] for index in indexes.tolist()]


class _Copies:
    """A batch as what Postgres' COPY takes, ready to be sent.

    What is sent is forgotten, because several batches are under way at once.
    """

    def __init__(self, batch: Batch, places: _Places, request_id: str, now: datetime) -> None:
        request = same_uuid(request_id)
        self._products = deque(
            packed(
                len(batch.rows),
                [request, bigints(batch.rows), bigints(places.firsts_of_rows)],
                list(map(str.encode, batch.names)),
                [batch.serial_numbers],
            )
        )
        first = places.first
        self._image_count = first.size
        columns = [
            request,
            same_text(PENDING),
            same_moment(now),
            bigints(places.seqs),
            bigints(places.rows[first]),
            bigints(places.positions[first]),
        ]
        self._again: deque[bytes] = deque()
        self._repeats = batch.urls_repeat
        if self._repeats:
            columns.append(digests(_those(places.digests, first)))
            self._again.extend(
                packed(
                    places.again.size,
                    [
                        request,
                        bigints(places.rows[places.again]),
                        bigints(places.positions[places.again]),
                        digests(_those(places.digests, places.again)),
                    ],
                )
            )
        self._images = deque(
            packed(
                first.size,
                columns,
                _those(places.urls, first),
                [_those(batch.hosts, first)],
            )
        )

    def write(self, connection: Connection) -> int:
        cursor = cast("psycopg.Connection[Any]", connection.connection.driver_connection).cursor()
        # The texts are in UTF-8 already, whatever this connection would have written.
        cursor.execute("SET LOCAL client_encoding TO 'UTF8'")
        _copy(cursor, f"products ({PRODUCT_COLUMNS})", self._products)
        if not self._repeats:
            _copy(cursor, f"images ({IMAGE_COLUMNS})", self._images)
            return self._image_count
        _copy(cursor, f"product_images ({PLACE_COLUMNS})", self._again)
        # COPY knows no ON CONFLICT: images that may be there go through a table of this connection.
        # Behind a pooler it may be an older version's connection, too: other columns, other name.
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS incoming_images (request_id uuid, status text,"
            " not_before timestamptz, seq bigint, url_digest bytea, row bigint, position bigint,"
            " source_url text, host text) ON COMMIT DELETE ROWS"
        )
        _copy(cursor, f"incoming_images ({REPEATED_COLUMNS})", self._images)
        cursor.execute(_MERGE)
        return self._image_count - cursor.rowcount


# Those that an earlier batch has are places of its images.
_MERGE = f"""
    WITH fresh AS (
        INSERT INTO images ({REPEATED_COLUMNS})
        SELECT {REPEATED_COLUMNS} FROM incoming_images ORDER BY seq
        ON CONFLICT (request_id, url_digest) WHERE url_digest IS NOT NULL DO NOTHING
        RETURNING seq
    )
    INSERT INTO product_images ({PLACE_COLUMNS})
    SELECT {PLACE_COLUMNS} FROM incoming_images WHERE seq NOT IN (SELECT seq FROM fresh)
"""  # noqa: S608 - names of columns from above


def _copy(cursor: psycopg.Cursor[Any], target: str, pieces: deque[bytes]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT binary)") as copy:
        while pieces:
            copy.write(pieces.popleft())


class _Inserts:
    """A batch as the statements that SQLite takes."""

    def __init__(self, batch: Batch, places: _Places, request_id: str, now: datetime) -> None:
        rows, positions = places.rows.tolist(), places.positions.tolist()
        self._repeats = batch.urls_repeat
        self._products = [
            {
                "request_id": request_id,
                "row": row,
                "serial_number": serial,
                "name": name,
                "first_place": first,
            }
            for row, serial, name, first in zip(
                batch.rows,
                batch.serial_numbers,
                batch.names,
                places.firsts_of_rows.tolist(),
                strict=True,
            )
        ]
        self._images = [
            {
                "request_id": request_id,
                "seq": seq,
                "url_digest": places.digests[index] if self._repeats else None,
                "source_url": batch.urls[index],
                "host": batch.hosts[index],
                "row": rows[index],
                "position": positions[index],
                "status": PENDING,
                "not_before": now,
            }
            for seq, index in zip(places.seqs.tolist(), places.first.tolist(), strict=True)
        ]
        self._again = [
            {
                "request_id": request_id,
                "row": rows[index],
                "position": positions[index],
                "url_digest": places.digests[index],
            }
            for index in places.again.tolist()
        ]

    def write(self, connection: Connection) -> int:
        _insert(connection, insert(Product), self._products)
        if not self._repeats:
            return _insert(connection, insert(Image), self._images)
        new = _insert(connection, _NEW_IMAGES, self._images)
        _insert(connection, insert(ProductImage), self._again)
        if new < len(self._images):
            _insert(connection, _KNOWN_PLACES, self._images)
        return new


_NEW_IMAGES = sqlite.insert(Image).on_conflict_do_nothing(
    index_elements=[Image.request_id, Image.url_digest], index_where=Image.url_digest.is_not(None)
)
_PLACE = (
    ProductImage.request_id,
    ProductImage.row,
    ProductImage.position,
    ProductImage.url_digest,
)
# The places of images that an earlier batch has.
_KNOWN_PLACES = insert(ProductImage).from_select(
    list(_PLACE),
    select(*(bindparam(column.key, type_=column.type) for column in _PLACE)).where(
        ~exists().where(
            Image.request_id == bindparam("request_id", type_=Image.request_id.type),
            Image.seq == bindparam("seq", type_=Image.seq.type),
        )
    ),
)


def _insert(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> int:
    # Without any row, SQLAlchemy would take the statement for one with default values only.
    return connection.execute(statement, rows).rowcount if rows else 0
