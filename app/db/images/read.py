"""Pages of a request's images, and the end of its rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, select

from app.db.dialect import has_row_id_of, row_ids
from app.db.images.filters import EVERY_IMAGE, ImageFilter, conditions
from app.db.models import Image, Product, ProductImage


def page(
    connection: Connection,
    request_id: str,
    *,
    after: int,
    limit: int,
    which: ImageFilter = EVERY_IMAGE,
) -> Sequence[Row[Any]]:
    """Up to `limit` images with their first product, in the file's order, after `seq`."""
    query = (
        select(Image.__table__, Product.name.label("product_name"), Product.serial_number)
        .join(Product, and_(Product.request_id == Image.request_id, Product.row == Image.row))
        .where(Image.request_id == request_id, Image.seq > after)
        .where(*conditions(which, connection.dialect.name))
        .order_by(Image.seq)
        .limit(limit)
    )
    return connection.execute(query).all()


def delete_rows(connection: Connection, request_id: str, *, limit: int) -> int:
    """Delete up to `limit` rows of each table of this request; returns how many went."""
    gone = 0
    dialect = connection.dialect.name
    for table in (ProductImage, Product, Image):
        some = row_ids(dialect, table).where(table.request_id == request_id).limit(limit)
        statement = delete(table).where(has_row_id_of(dialect, table, some))
        gone += connection.execute(statement).rowcount
    return gone
