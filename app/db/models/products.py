"""The tables `products` and `product_images`: the rows of a CSV and where URLs repeat."""

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, RequestId


class Product(Base):
    """One row of the CSV. `row` is the line in the file where it starts; the header is line 1.

    The tables of rows carry no foreign key to `requests`: its check on every inserted row costs as
    much as the row itself at a million rows, and only `delete` removes a request, with its rows.
    """

    __tablename__ = "products"

    request_id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    serial_number: Mapped[str]
    name: Mapped[str]
    # Running number of its first place, as in `Image.seq`.
    first_place: Mapped[int]


class ProductImage(Base):
    """A place of the CSV that repeats the URL of an earlier place, and which image it is.

    `position` counts a row's URLs from 1. A URL's first place has no row here, as its
    image says where that is: most files are half as many rows by it.
    """

    __tablename__ = "product_images"

    request_id: Mapped[str] = mapped_column(RequestId, primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url_digest: Mapped[bytes] = mapped_column(LargeBinary)
