"""The stored pictures of a request, wherever they lie, under the names that they have in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.db import images
from app.domain.naming import image_name
from app.domain.statuses import ImageStatus
from app.services.adapters import Adapters
from app.services.read import find, image_after

IMAGES_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class Picture:
    """A compressed picture and, where it was kept, its original; names have no folder.

    A picture that an earlier request made lies under that request's names; here it is called by its
    place in this one, so that no two pictures of a request have the same name.
    """

    name: str
    key: str
    original_name: str | None
    original_key: str | None


def pictures(
    adapters: Adapters, request_id: str, *, owner: str, cursor: str | None = None
) -> Iterator[Picture]:
    """All pictures in the order of the file, or those from a page of `read.images_page` on.

    Raises:
        RequestNotFound: see `read.find`.
        OptionInvalid: the cursor is none of ours.
    """
    after = image_after(cursor)
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
    return _walk(adapters, request.id, after)


def original_key(
    adapters: Adapters, request_id: str, *, row: int, position: int, owner: str
) -> str | None:
    """Where the original of the image at this place lies; None where there is none.

    Raises:
        RequestNotFound: see `read.find`.
    """
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
        image = images.at_place(connection, request.id, row=row, position=position)
    return image.original_key if image is not None else None


def _walk(adapters: Adapters, request_id: str, after: int) -> Iterator[Picture]:
    while True:
        with adapters.database.read() as connection:
            rows = images.page(
                connection,
                request_id,
                after=after,
                status=ImageStatus.COMPLETED.value,
                limit=IMAGES_PER_QUERY,
            )
        for row in rows:
            yield _picture(row)
        if len(rows) < IMAGES_PER_QUERY:
            return
        after = rows[-1].seq


def _picture(row: Any) -> Picture:
    def name(key: str) -> str:
        extension = key.rsplit(".", 1)[1]
        return image_name(
            row=row.row,
            position=row.position,
            product_name=row.product_name,
            extension=extension,
        )

    original = row.original_key
    return Picture(
        name=name(row.storage_key),
        key=row.storage_key,
        original_name=name(original) if original is not None else None,
        original_key=original,
    )
