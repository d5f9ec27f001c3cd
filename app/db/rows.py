"""Writing a CSV's rows in bulk: binary COPY on Postgres, executemany on SQLite.

A batch is prepared first. That is nearly all of the work in Python, and it can be done while the
database takes the batch before it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection, Insert, insert
from sqlalchemy.dialects import sqlite

from app.db.binary_copy import bigints, digests, packed, same_moment, same_text, same_uuid
from app.db.models import Image, Product, ProductImage
from app.domain.statuses import ImageStatus

PENDING = ImageStatus.PENDING.value
# In the sequence in which `_Copies` has them: texts that differ stand behind the others.
PRODUCT_COLUMNS = "request_id, row, serial_number, name"
PLACE_COLUMNS = "request_id, row, position, url_digest"
IMAGE_COLUMNS = "request_id, status, not_before, seq, url_digest, row, position, source_url, host"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to write in one transaction, in columns.

    Item n of the first four is of product n; `url_counts` says how many of `urls` it has. `hosts`
    has one for each URL. `places_before` is how many places of the file stand before the batch.
    """

    rows: Sequence[int]
    serial_numbers: Sequence[str]
    names: Sequence[str]
    url_counts: Sequence[int]
    urls: Sequence[str]
    hosts: Sequence[str]
    places_before: int = 0


class PreparedBatch(Protocol):
    """A batch in the form that one database takes."""

    def write(self, connection: Connection, *, all_new: bool = False) -> int:
        """Insert the rows; returns how many images were new to the request.

        Args:
            all_new: no URL of the batch stands in an earlier one; that is not looked up then.
        """


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

    `first` are the indexes of places whose URL stands there first within the batch; it may stand in
    an earlier one, too.
    """

    def __init__(self, batch: Batch) -> None:
        counts = np.array(batch.url_counts, dtype=np.int64)
        before = np.repeat(np.cumsum(counts) - counts, counts)
        self.urls = [url.encode() for url in batch.urls]
        self.rows = np.repeat(np.array(batch.rows, dtype=np.int64), counts)
        self.positions = np.arange(1, len(batch.urls) + 1) - before
        self.digests = [hashlib.blake2b(url, digest_size=16).digest() for url in self.urls]
        self.first = _first(self.digests)
        self.seqs: NDArray[np.int64] = batch.places_before + 1 + np.array(self.first, np.int64)


def _first(digests: Sequence[bytes]) -> Sequence[int]:
    if len(set(digests)) == len(digests):
        return range(len(digests))
    found: dict[bytes, int] = {}
    for index, digest in enumerate(digests):
        found.setdefault(digest, index)
    return list(found.values())


class _Copies:
    """A batch as what Postgres' COPY takes, ready to be sent."""

    def __init__(self, batch: Batch, places: _Places, request_id: str, now: datetime) -> None:
        request = same_uuid(request_id)
        self._products = packed(
            len(batch.rows),
            [request, bigints(batch.rows)],
            [[text.encode() for text in column] for column in (batch.serial_numbers, batch.names)],
        )
        self._places = packed(
            len(batch.urls),
            [request, bigints(places.rows), bigints(places.positions), digests(places.digests)],
        )
        first = places.first
        self._image_count = len(first)
        self._images = packed(
            len(first),
            [
                request,
                same_text(PENDING),
                same_moment(now),
                bigints(places.seqs),
                digests([places.digests[index] for index in first]),
                bigints(places.rows[first]),
                bigints(places.positions[first]),
            ],
            [[places.urls[index] for index in first], [batch.hosts[i].encode() for i in first]],
        )

    def write(self, connection: Connection, *, all_new: bool = False) -> int:
        cursor = cast("psycopg.Connection[Any]", connection.connection.driver_connection).cursor()
        # The texts are in UTF-8 already, whatever this connection would have written.
        cursor.execute("SET LOCAL client_encoding TO 'UTF8'")
        _copy(cursor, f"products ({PRODUCT_COLUMNS})", self._products)
        _copy(cursor, f"product_images ({PLACE_COLUMNS})", self._places)
        if all_new:
            _copy(cursor, f"images ({IMAGE_COLUMNS})", self._images)
            return self._image_count
        # COPY knows no ON CONFLICT: images that may be there go through a table of this connection.
        # Behind a pooler it may be an older version's connection, too: other columns, other name.
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS incoming_images (request_id uuid, status text,"
            " not_before timestamptz, seq bigint, url_digest bytea, row bigint, position bigint,"
            " source_url text, host text) ON COMMIT DELETE ROWS"
        )
        _copy(cursor, f"incoming_images ({IMAGE_COLUMNS})", self._images)
        cursor.execute(
            f"INSERT INTO images ({IMAGE_COLUMNS}) SELECT {IMAGE_COLUMNS}"  # noqa: S608
            " FROM incoming_images ORDER BY seq ON CONFLICT (request_id, url_digest) DO NOTHING"
        )
        return cursor.rowcount


def _copy(cursor: psycopg.Cursor[Any], target: str, data: bytes) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT binary)") as copy:
        copy.write(data)


class _Inserts:
    """A batch as the statements that SQLite takes."""

    def __init__(self, batch: Batch, places: _Places, request_id: str, now: datetime) -> None:
        rows, positions = places.rows.tolist(), places.positions.tolist()
        self._products = [
            {"request_id": request_id, "row": row, "serial_number": serial, "name": name}
            for row, serial, name in zip(batch.rows, batch.serial_numbers, batch.names, strict=True)
        ]
        self._places = [
            {"request_id": request_id, "row": row, "position": position, "url_digest": digest}
            for row, position, digest in zip(rows, positions, places.digests, strict=True)
        ]
        self._images = [
            {
                "request_id": request_id,
                "seq": seq,
                "url_digest": places.digests[index],
                "source_url": batch.urls[index],
                "host": batch.hosts[index],
                "row": rows[index],
                "position": positions[index],
                "status": PENDING,
                "not_before": now,
            }
            for seq, index in zip(places.seqs.tolist(), places.first, strict=True)
        ]

    def write(self, connection: Connection, *, all_new: bool = False) -> int:
        del all_new  # A look into the index is what SQLite does anyway.
        _insert(connection, insert(Product), self._products)
        _insert(connection, insert(ProductImage), self._places)
        return _insert(connection, sqlite.insert(Image).on_conflict_do_nothing(), self._images)


def _insert(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> int:
    # Without any row, SQLAlchemy would take the statement for one with default values only.
    return connection.execute(statement, rows).rowcount if rows else 0
