"""The places of a CSV with their images: all of a part of the file, or one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from app.db.models import Image, Product, ProductImage
from app.domain.results import SHOWN

# Which image a place shows whose URL an earlier place has already.
_STANDS_THERE = and_(
    Image.request_id == ProductImage.request_id, Image.url_digest == ProductImage.url_digest
)


def at_place(
    connection: Connection, request_id: str, *, row: int, position: int
) -> Row[Any] | None:
    """The image of the URL at this place; None when there is no such place."""
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
    Image.reused_from,
    Image.error_code,
    Image.error_message,
    Image.http_status,
    *(getattr(Image, name) for name in ("kept", *SHOWN)),
    Image.attempts,
    Image.duration_ms,
)


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring rows of a file: those in (after_row, up_to_row], with their places.

    `places_before` is how many places usable rows before these have, `places_behind` the same
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
        )
    )
    query = union_all(their_own, shared).order_by("place_row", "place_position")
    return connection.execute(query).all()
