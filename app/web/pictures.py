"""Pictures for the page: kept originals to compare with, and all results in one ZIP."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from app.api.auth import OwnerDep
from app.api.dependencies import AdaptersDep, RequestIdPath
from app.domain.errors import ObjectMissing
from app.domain.naming import ORIGINALS_PREFIX
from app.domain.statuses import ImageStatus
from app.services import read
from app.services.adapters import Adapters
from app.web.archive import PIECE_BYTES, zip_stream
from app.web.html import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

# More in one file is no use to anybody, and its table of contents would fill the memory.
ZIP_IMAGES_MAX = 20_000
_IMAGES_PER_QUERY = 500

_NAME = re.compile(r"[0-9]{1,12}-[0-9]{1,12}-[a-z0-9-]{1,60}")
# What a kept original can be; the frequent ones first, because each is looked for in turn.
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


@router.get("/r/{request_id}/original/{name}")
def original(
    request_id: RequestIdPath, name: str, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """The picture as it was downloaded, for whoever may see the request and for nobody else.

    The bytes are a stranger's: the type is the one that the decoder has recognised, and nothing
    in them may run.
    """
    document = read.status(adapters, request_id, owner=owner)
    if not _NAME.fullmatch(name):
        raise HTTPException(404)
    for extension, media_type in _MEDIA_TYPES.items():
        key = f"{ORIGINALS_PREFIX}{document['request_id']}/{name}.{extension}"
        try:
            file = adapters.store.open(key)
        except ObjectMissing:
            continue
        headers = {
            "Cache-Control": "private, max-age=3600",
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        }
        return StreamingResponse(_pieces(file), media_type=media_type, headers=headers)
    raise HTTPException(404)


@router.get("/r/{request_id}/images.zip")
def images_zip(
    request_id: RequestIdPath,
    adapters: AdaptersDep,
    owner: OwnerDep,
    cursor: str | None = None,
) -> Response:
    """The compressed pictures, up to 20,000 from a page of the results on."""
    document = read.status(adapters, request_id, owner=owner)
    # The first page is read here, so that a bad cursor is an error page and not a broken file.
    page = _completed(adapters, document["request_id"], owner, cursor)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", document["filename"].rsplit(".", 1)[0]).strip("-.")
    headers = {
        "Content-Disposition": f'attachment; filename="{stem or "products"}-images.zip"',
        "Cache-Control": "private, no-store",
    }
    files = _files(adapters, document["request_id"], owner, page)
    return StreamingResponse(zip_stream(files), media_type="application/zip", headers=headers)


def _completed(
    adapters: Adapters, request_id: str, owner: str, cursor: str | None
) -> dict[str, Any]:
    return read.images_page(
        adapters,
        request_id,
        owner=owner,
        cursor=cursor,
        limit=_IMAGES_PER_QUERY,
        status=ImageStatus.COMPLETED,
    )


def _files(
    adapters: Adapters, request_id: str, owner: str, page: dict[str, Any]
) -> Iterator[tuple[str, BinaryIO | bytes]]:
    missing: list[str] = []
    left = ZIP_IMAGES_MAX
    while True:
        for image in page["items"][:left]:
            name = image["output_url"].rsplit("/", 1)[1]
            try:
                yield name, adapters.store.open(f"{request_id}/{name}")
            except ObjectMissing:
                missing.append(name)
        left -= len(page["items"])
        if page["next_cursor"] is None or left <= 0:
            break
        page = _completed(adapters, request_id, owner, page["next_cursor"])
    if missing:
        lines = ["These pictures were not in the store when the ZIP was made:", *missing, ""]
        yield "MISSING.txt", "\r\n".join(lines).encode()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece
