"""Writing a CSV's rows in bulk: COPY on Postgres, executemany on SQLite."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

import psycopg
from sqlalchemy import Connection, Insert, insert
from sqlalchemy.dialects import sqlite

from app.db.models import Image, Product, ProductImage
from app.domain.statuses import ImageStatus

PENDING = ImageStatus.PENDING.value
# Those of `ImageRow`, in its order.
IMAGE_COLUMNS = "seq, url_digest, source_url, host, row, position"


class ProductRow(NamedTuple):
    row: int
    serial_number: str
    name: str


class PlaceRow(NamedTuple):
    row: int
    position: int
    url_digest: bytes


class ImageRow(NamedTuple):
    """A URL where it stands first within a batch; it may stand in an earlier batch, too."""

    seq: int
    url_digest: bytes
    source_url: str
    host: str
    row: int
    position: int


def write(
    connection: Connection,
    request_id: str,
    *,
    products: Sequence[ProductRow],
    places: Sequence[PlaceRow],
    images: Sequence[ImageRow],
    now: datetime,
    all_new: bool = False,
) -> int:
    """Insert one batch of rows; returns how many images were new to the request.

    Args:
        all_new: no URL of the batch stands in an earlier one; that is not looked up then.
    """
    if connection.dialect.name == "sqlite":
        return _write_sqlite(connection, request_id, products, places, images, now)
    return _write_postgres(connection, request_id, products, places, images, now, all_new)


def _write_sqlite(
    connection: Connection,
    request_id: str,
    products: Sequence[ProductRow],
    places: Sequence[PlaceRow],
    images: Sequence[ImageRow],
    now: datetime,
) -> int:
    _insert(
        connection,
        insert(Product),
        [
            {
                "request_id": request_id,
                "row": product.row,
                "serial_number": product.serial_number,
                "name": product.name,
            }
            for product in products
        ],
    )
    _insert(
        connection,
        insert(ProductImage),
        [
            {
                "request_id": request_id,
                "row": place.row,
                "position": place.position,
                "url_digest": place.url_digest,
            }
            for place in places
        ],
    )
    return _insert(
        connection,
        sqlite.insert(Image).on_conflict_do_nothing(),
        [
            {
                "request_id": request_id,
                "seq": image.seq,
                "url_digest": image.url_digest,
                "source_url": image.source_url,
                "host": image.host,
                "row": image.row,
                "position": image.position,
                "status": PENDING,
                "not_before": now,
            }
            for image in images
        ],
    )


def _insert(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> int:
    # Without any row, SQLAlchemy would take the statement for one with default values only.
    return connection.execute(statement, rows).rowcount if rows else 0


def _write_postgres(
    connection: Connection,
    request_id: str,
    products: Sequence[ProductRow],
    places: Sequence[PlaceRow],
    images: Sequence[ImageRow],
    now: datetime,
    all_new: bool,
) -> int:
    cursor = cast("psycopg.Connection[Any]", connection.connection.driver_connection).cursor()
    _copy(
        cursor,
        "products (request_id, row, serial_number, name)",
        ((request_id, *product) for product in products),
    )
    _copy(
        cursor,
        "product_images (request_id, row, position, url_digest)",
        ((request_id, *place) for place in places),
    )
    if all_new:
        same = (request_id, PENDING, now)
        _copy(
            cursor,
            f"images (request_id, status, not_before, {IMAGE_COLUMNS})",
            ((*same, *image) for image in images),
        )
        return len(images)
    # COPY knows no ON CONFLICT, so images that may be there go through a table of this connection.
    cursor.execute(
        "CREATE TEMP TABLE IF NOT EXISTS staged_images (seq bigint, url_digest bytea,"
        " source_url text, host text, row bigint, position bigint) ON COMMIT DELETE ROWS"
    )
    _copy(cursor, f"staged_images ({IMAGE_COLUMNS})", images)
    cursor.execute(
        f"INSERT INTO images (request_id, status, not_before, {IMAGE_COLUMNS})"  # noqa: S608
        f" SELECT %s::uuid, %s, %s, {IMAGE_COLUMNS}"
        " FROM staged_images ORDER BY seq ON CONFLICT (request_id, url_digest) DO NOTHING",
        (request_id, PENDING, now),
    )
    return cursor.rowcount


def _copy(cursor: psycopg.Cursor[Any], target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
