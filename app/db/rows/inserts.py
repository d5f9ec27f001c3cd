"""A batch as SQLite takes it: executemany."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, exists, insert, select
from sqlalchemy.dialects import sqlite

from app.db.models import Image, Product, ProductImage
from app.db.rows.batch import PENDING, Batch, Places


class Inserts:
    """A batch as the statements that SQLite takes."""

    def __init__(self, batch: Batch, places: Places, request_id: str, now: datetime) -> None:
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
