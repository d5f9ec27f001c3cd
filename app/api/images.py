"""`/images/...`: the published pictures of a local store; another store serves its own."""

import os
import re
from hashlib import sha256

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from app.api.answers import answer_head_too, matches_tag
from app.api.dependencies import AdaptersDep
from app.api.openapi import answers
from app.domain.errors import RequestNotFound, ServiceUnavailable
from app.storage.base import ObjectMissing
from app.storage.local import IMAGE_CACHE_CONTROL, LocalStore

router = APIRouter(tags=["Downloads"])

# Exactly the names that `domain.naming.image_key` makes, so uploads and originals can never match.
_PUBLISHED = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9]{1,12}-[0-9]{1,12}-[a-z0-9-]{1,60}"
    r"\.(?P<extension>[a-z]{3,4})"
)
_MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
    "tif": "image/tiff",
}


@router.get(
    "/images/{key:path}",
    summary="A compressed picture",
    response_class=Response,
    responses=answers(
        {
            200: {
                "description": "The picture.",
                "content": {
                    "image/jpeg": {
                        "schema": {"type": "string", "format": "binary"},
                        "example": "(the bytes of the picture)",
                    }
                },
            },
            304: {"description": "The caller has it already."},
        },
        RequestNotFound,
        ServiceUnavailable,
    ),
)
def published_image(key: str, request: Request, adapters: AdaptersDep) -> Response:
    """A picture that an output CSV links to; open to everybody, also where API keys are set."""
    match = _PUBLISHED.fullmatch(key)
    media_type = _MEDIA_TYPES.get(match["extension"]) if match else None
    store = adapters.store
    if media_type is None or not isinstance(store, LocalStore):
        raise HTTPException(404)
    try:
        with store.open(key) as file:
            path, stat = file.name, os.fstat(file.fileno())
    except ObjectMissing:
        raise HTTPException(404) from None
    tag = f'"{sha256(f"{key}:{stat.st_mtime_ns}:{stat.st_size}".encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": IMAGE_CACHE_CONTROL, "ETag": tag}
    if matches_tag(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=media_type, stat_result=stat, headers=headers)


answer_head_too(router)
