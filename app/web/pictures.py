"""Pictures for the page: kept originals to compare with, and all results in one ZIP."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from app.api.auth import OwnerDep
from app.api.dependencies import AdaptersDep, RequestIdPath
from app.domain.errors import ObjectMissing
from app.services import pictures, read
from app.services.adapters import Adapters
from app.services.pictures import Picture
from app.web.archive import PIECE_BYTES, zip_stream
from app.web.html import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

# More in one file is no use to anybody, and its table of contents would fill the memory.
ZIP_IMAGES_MAX = 20_000

_PLACE = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")
_MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
    "tif": "image/tiff",
    "bmp": "image/bmp",
    "ico": "image/x-icon",
}


@router.get("/r/{request_id}/original/{place}")
def original(
    request_id: RequestIdPath, place: str, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """The picture as it was downloaded, for whoever may see the request and for nobody else.

    The bytes are a stranger's: the type is the one that the decoder has recognised, and nothing
    in them may run.
    """
    match = _PLACE.fullmatch(place)
    if match is None:
        raise HTTPException(404)
    key = pictures.original_key(
        adapters, request_id, row=int(match[1]), position=int(match[2]), owner=owner
    )
    if key is None:
        raise HTTPException(404)
    try:
        file = adapters.store.open(key)
    except ObjectMissing:
        raise HTTPException(404) from None
    headers = {
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
    media_type = _MEDIA_TYPES[key.rsplit(".", 1)[1]]
    return StreamingResponse(_pieces(file), media_type=media_type, headers=headers)


@router.get("/r/{request_id}/images.zip")
def images_zip(
    request_id: RequestIdPath,
    adapters: AdaptersDep,
    owner: OwnerDep,
    cursor: str | None = None,
) -> Response:
    """The compressed pictures, up to 20,000 from a page of the results on."""
    document = read.status(adapters, request_id, owner=owner)
    # Checked here, so that a bad cursor is an error page and not a broken file.
    found = pictures.pictures(adapters, request_id, owner=owner, cursor=cursor)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", document["filename"].rsplit(".", 1)[0]).strip("-.")
    headers = {
        "Content-Disposition": f'attachment; filename="{stem or "products"}-images.zip"',
        "Cache-Control": "private, no-store",
    }
    files = _files(adapters, islice(found, ZIP_IMAGES_MAX))
    return StreamingResponse(zip_stream(files), media_type="application/zip", headers=headers)


def _files(adapters: Adapters, found: Iterable[Picture]) -> Iterator[tuple[str, BinaryIO | bytes]]:
    missing: list[str] = []
    for picture in found:
        try:
            yield picture.name, adapters.store.open(picture.key)
        except ObjectMissing:
            missing.append(picture.name)
    if missing:
        lines = ["These pictures were not in the store when the ZIP was made:", *missing, ""]
        yield "MISSING.txt", "\r\n".join(lines).encode()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece
