"""Pictures for the page: originals to compare with, and all results in one ZIP."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Annotated, BinaryIO

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from app.adapters import Adapters
from app.api.answers import attachment
from app.api.auth import OwnerDep
from app.api.dependencies import AdaptersDep, RequestIdPath
from app.api.readers import FileStream
from app.api.store_threads import read_in_pieces, read_in_time
from app.domain.errors import ObjectMissing
from app.results import pictures, read
from app.results.pictures import Picture
from app.results.source_pictures import SourcePictures
from app.web.html import PageRoute
from app.web.request.archive import PIECE_BYTES, zip_stream

router = APIRouter(route_class=PageRoute, include_in_schema=False)

# More in one file is no use to anybody, and its table of contents would fill the memory.
ZIP_IMAGES_MAX = 20_000

_PLACE = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")
# The bytes are a stranger's: the type is the one that they begin as, and nothing in them may run,
# nor may another site's page show them.
_STRANGERS = {
    "Cache-Control": "private, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def source_pictures_of(request: Request) -> SourcePictures:
    """The application's; made at first use, within its event loop."""
    state = request.app.state
    if not hasattr(state, "source_pictures"):
        state.source_pictures = SourcePictures(state.adapters)
    found: SourcePictures = state.source_pictures
    return found


@router.get("/r/{request_id}/original/{place}")
async def original(
    request_id: RequestIdPath,
    place: str,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    sources: Annotated[SourcePictures, Depends(source_pictures_of)],
) -> Response:
    """The picture as it was, for whoever may see the request: as it was kept, else as it is now."""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise HTTPException(404)
    row, position = int(match[1]), int(match[2])
    found = await run_sync(
        lambda: pictures.original(adapters, request_id, row=row, position=position, owner=owner)
    )
    if found is None:
        raise HTTPException(404)
    if found.kept is None:
        # Other sites' pages shall not make us fetch; addresses that somebody types may.
        if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            raise HTTPException(403)
        picture = await sources.fetch(found.source_url)
        return Response(picture.data, media_type=picture.content_type, headers=_STRANGERS)
    try:
        file = await read_in_time(partial(adapters.store.open, found.kept.key))
    except ObjectMissing:
        raise HTTPException(404) from None
    return StreamingResponse(_pieces(file), media_type=found.kept.content_type, headers=_STRANGERS)


@router.get("/r/{request_id}/images.zip")
def images_zip(
    request_id: RequestIdPath,
    request: Request,
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
        "Content-Disposition": attachment(f"{stem or 'products'}-images.zip"),
        "Cache-Control": "private, no-store",
    }
    files = _files(adapters, islice(found, ZIP_IMAGES_MAX))
    pieces = read_in_pieces(zip_stream(files))
    return FileStream(
        pieces,
        readers=request.app.state.readers,
        owner=owner,
        media_type="application/zip",
        headers=headers,
    )


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
