"""Queries on `images` and the rows they stand in: pages, places, cancel, delete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, not_, select, union_all, update
from sqlalchemy.orm import InstrumentedAttribute

from app.db.chosen import addresses, is_among
from app.db.image_filter import EVERY_IMAGE, ImageFilter, conditions
from app.db.models import Image, Product, ProductImage
from app.db.waiting import claimed_to, note_claimed, unfinished
from app.domain.statuses import ImageStatus


def cancel_waiting(connection: Connection, request_id: str, *, now: datetime, limit: int) -> int:
    """Mark up to `limit` unfinished images of a cancelled request; returns how many."""
    dialect, marked = connection.dialect.name, 0
    for condition, order in unfinished(request_id, behind=claimed_to(request_id)):
        some = (
            addresses(dialect, Image)
            .where(condition)
            .order_by(*order)
            .limit(limit - marked)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(Image)
            .where(is_among(dialect, Image, some))
            .values(status=ImageStatus.CANCELLED.value, leased_until=None, finished_at=now)
        )
        marked += connection.execute(statement).rowcount
    note_claimed(connection, request_id)
    return marked


def fail_waiting(
    connection: Connection,
    request_id: str,
    host: str,
    *,
    code: str,
    message: str,
    after: int,
    now: datetime,
    limit: int,
) -> Sequence[int]:
    """Fail up to `limit` waiting images of a host, those behind the `seq` `after`.

    Returns the `seq` of those that failed. Images in somebody's hands come to their own ends.
    """
    dialect = connection.dialect.name
    some = (
        addresses(dialect, Image)
        .where(
            Image.request_id == request_id,
            Image.seq > after,
            Image.host == host,
            Image.status == ImageStatus.PENDING.value,
        )
        .order_by(Image.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(Image)
        .where(is_among(dialect, Image, some))
        .values(
            status=ImageStatus.FAILED.value,
            error_code=code,
            error_message=message,
            http_status=None,
            finished_at=now,
        )
        .returning(Image.seq)
    )
    return connection.execute(statement).scalars().all()


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


# Which image stands at a place that is not the image's own, which versions before 0004 wrote, too.
_STANDS_THERE = and_(
    Image.request_id == ProductImage.request_id, Image.url_digest == ProductImage.url_digest
)
_IS_ITS_OWN = and_(Image.row == ProductImage.row, Image.position == ProductImage.position)


def at_place(
    connection: Connection, request_id: str, *, row: int, position: int
) -> Row[Any] | None:
    """The image whose URL stands at this place; None when there is no such place."""
    its_own = (
        select(Image.__table__)
        .join(Product, Product.request_id == Image.request_id)
        .where(
            Product.request_id == request_id,
            Product.row == row,
            Image.seq == Product.first_place + (position - 1),
            # The number alone would go on into the rows behind.
            Image.row == row,
        )
    )
    shared = (
        select(Image.__table__)
        .join(ProductImage, _STANDS_THERE)
        .where(
            ProductImage.request_id == request_id,
            ProductImage.row == row,
            ProductImage.position == position,
        )
    )
    found = connection.execute(its_own).one_or_none()
    return found if found is not None else connection.execute(shared).one_or_none()


# What the output CSV needs of an image, and what the reports do.
LINK = (Image.storage_key,)
RESULT = (
    Image.source_url,
    Image.host,
    Image.storage_key,
    Image.status,
    Image.kept,
    Image.reused_from,
    Image.error_code,
    Image.error_message,
    Image.http_status,
    Image.input_bytes,
    Image.output_bytes,
    Image.width,
    Image.height,
    Image.format,
    Image.source_width,
    Image.source_height,
    Image.source_format,
    Image.attempts,
    Image.duration_ms,
)


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring rows of a file: those in (after_row, up_to_row], with their places.

    `places_before` is how many places stand in usable rows before these, `places_behind` the same
    with these: the running numbers that `Image.seq` counts.
    """

    after_row: int
    up_to_row: int
    places_before: int
    places_behind: int


def places(
    connection: Connection,
    request_id: str,
    columns: Sequence[InstrumentedAttribute[Any]],
    part: Part,
) -> Sequence[Row[Any]]:
    """Every place of a part of the file, in the file's order.

    Rows are `place_row`, `place_position` and the named columns of the place's image.
    """
    their_own = select(
        Image.row.label("place_row"), Image.position.label("place_position"), *columns
    ).where(
        Image.request_id == request_id,
        Image.seq > part.places_before,
        Image.seq <= part.places_behind,
    )
    shared = (
        select(ProductImage.row, ProductImage.position, *columns)
        .join(Image, _STANDS_THERE)
        .where(
            ProductImage.request_id == request_id,
            ProductImage.row > part.after_row,
            ProductImage.row <= part.up_to_row,
            not_(_IS_ITS_OWN),
        )
    )
    query = union_all(their_own, shared).order_by("place_row", "place_position")
    return connection.execute(query).all()


def delete_rows(connection: Connection, request_id: str, *, limit: int) -> int:
    """Delete up to `limit` rows of each table of this request; returns how many went."""
    gone = 0
    dialect = connection.dialect.name
    for table in (ProductImage, Product, Image):
        some = addresses(dialect, table).where(table.request_id == request_id).limit(limit)
        statement = delete(table).where(is_among(dialect, table, some))
        gone += connection.execute(statement).rowcount
    return gone
