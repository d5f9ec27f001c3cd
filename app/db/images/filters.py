"""Which images of a request are asked for, as conditions on `images` joined with `products`."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, false, or_

from app.db.dialect import contains
from app.db.models import Image, Product


class ImageFilter(NamedTuple):
    """What an image has to have to be shown; None is no condition.

    `host` is as in `Image.host`. `text` is a part of the product's name, its serial number or
    the URL, whatever its case.
    """

    statuses: Collection[str] | None = None
    code: str | None = None
    host: str | None = None
    text: str | None = None


EVERY_IMAGE = ImageFilter()


def conditions(which: ImageFilter, dialect: str) -> list[ColumnElement[bool]]:
    """The filter's conditions, all of which have to be true."""
    found: list[ColumnElement[bool]] = []
    if which.statuses is not None:
        found.append(_is_one_of(which.statuses))
    if which.code is not None:
        found.append(Image.error_code == which.code)
    if which.host is not None:
        found.append(Image.host == which.host)
    if which.text is not None:
        found.append(_contains(which.text, dialect))
    return found


def _is_one_of(statuses: Collection[str]) -> ColumnElement[bool]:
    # An engine sees at once that nothing meets `false`, and that the index of the failed images
    # fits `status = 'failed'`; lists it would compare with every row.
    if len(statuses) <= 1:
        return Image.status == next(iter(statuses)) if statuses else false()
    return Image.status.in_(statuses)


def _contains(text: str, dialect: str) -> ColumnElement[bool]:
    columns = (Product.name, Product.serial_number, Image.source_url)
    return or_(*(contains(dialect, column, text) for column in columns))
