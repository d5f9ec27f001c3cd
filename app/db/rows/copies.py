"""A batch as Postgres takes it: binary COPY."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.db.rows.batch import PENDING, Batch, Places
from app.db.rows.binary_copy import bigints, digests, packed, same_moment, same_text, same_uuid

T = TypeVar("T")

# In the sequence in which `Copies` has them: texts that differ come behind the others.
PRODUCT_COLUMNS = "request_id, row, first_place, name, serial_number"
PLACE_COLUMNS = "request_id, row, position, url_digest"
IMAGE_COLUMNS = "request_id, status, not_before, seq, row, position, source_url, host"
REPEATED_COLUMNS = (
    "request_id, status, not_before, seq, row, position, url_digest, source_url, host"
)


class Copies:
    """A batch as what Postgres' COPY takes, ready to be sent.

    What is sent is forgotten, because several batches are under way at once.
    """

    def __init__(self, batch: Batch, places: Places, request_id: str, now: datetime) -> None:
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
        # Behind a pooler it may also be an older version's connection: other columns, other name.
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


def _those(items: Sequence[T], indexes: NDArray[np.int64]) -> Sequence[T]:
    return items if len(items) == indexes.size else [items[index] for index in indexes.tolist()]
