"""The stored pictures of a request under its own names, whichever request made them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.adapters import Adapters
from app.db import images
from app.db.images import files
from app.db.images.filters import ImageFilter
from app.domain.errors import WrongState
from app.domain.formats import MEDIA_TYPES
from app.domain.naming import image_name
from app.domain.options import Mode
from app.domain.results import FileRole
from app.domain.statuses import ImageStatus
from app.results.read import find, image_after

IMAGES_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class Picture:
    """A compressed picture and, where it was kept, its original; names have no folder.

    A picture that an earlier request made has that request's key; here it is called by its
    place in this one, so that no two pictures of a request have the same name.
    """

    name: str
    key: str
    original_name: str | None
    original_key: str | None


@dataclass(frozen=True, slots=True)
class KeptOriginal:
    """A picture as it was downloaded; the type is the one that the decoder has recognised."""

    key: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Original:
    """A picture before it was compressed: what was kept of it, and where it came from."""

    kept: KeptOriginal | None
    source_url: str


def pictures(
    adapters: Adapters, request_id: str, *, owner: str, cursor: str | None = None
) -> Iterator[Picture]:
    """All pictures in the order of the file, or those from a page of `read.images_page` on.

    Raises:
        RequestNotFound: see `read.find`.
        OptionInvalid: the cursor is none of ours.
        WrongState: the request only checked its pictures.
    """
    after = image_after(cursor)
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
    _expect_pictures(request)
    return _walk(adapters, request.id, after)


def original(
    adapters: Adapters, request_id: str, *, row: int, position: int, owner: str
) -> Original | None:
    """The original of the picture at this place; None where there is no compressed picture.

    Raises:
        RequestNotFound: see `read.find`.
        WrongState: the request only checked its pictures.
    """
    with adapters.database.read() as connection:
        request = find(connection, request_id, owner=owner)
        _expect_pictures(request)
        image = images.at_place(connection, request.id, row=row, position=position)
        if image is None or image.status != ImageStatus.COMPLETED.value:
            return None
        named = (request.id, image.seq)
        found = files.of_images(connection, [named]).get(named, {}).get(FileRole.ORIGINAL)
    kept = None
    if found is not None:
        kept = KeptOriginal(found.key, MEDIA_TYPES[found.key.rsplit(".", 1)[1]])
    return Original(kept, image.source_url)


def _expect_pictures(request: Any) -> None:
    if request.options.get("mode") == Mode.CHECK:
        raise WrongState(
            "This request only checked its pictures, so there are none of it. Upload the file "
            "again with mode=compress to have them compressed."
        )


def _walk(adapters: Adapters, request_id: str, after: int) -> Iterator[Picture]:
    while True:
        with adapters.database.read() as connection:
            rows = images.page(
                connection,
                request_id,
                after=after,
                limit=IMAGES_PER_QUERY,
                which=ImageFilter(statuses=(ImageStatus.COMPLETED.value,)),
            )
            if not rows:
                return
            last = rows[-1].seq
            more = files.of_range(connection, request_id, after=after, up_to=last)
        for row in rows:
            yield _picture(row, more.get(row.seq, {}))
        if len(rows) < IMAGES_PER_QUERY:
            return
        after = last


def _picture(row: Any, more: files.Files) -> Picture:
    def name(key: str) -> str:
        extension = key.rsplit(".", 1)[1]
        return image_name(
            row=row.row,
            position=row.position,
            product_name=row.product_name,
            extension=extension,
        )

    original = more.get(FileRole.ORIGINAL)
    return Picture(
        name=name(row.storage_key),
        key=row.storage_key,
        original_name=name(original.key) if original is not None else None,
        original_key=original.key if original is not None else None,
    )
