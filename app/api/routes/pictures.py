"""`/images/...`: the published pictures of a local store; another store serves its own."""

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from app.api.answers import answer_head_too, entity_tag, matches_tag
from app.api.contract.openapi import answers
from app.api.dependencies import AdaptersDep
from app.domain.errors import ObjectMissing, RequestNotFound, ServiceUnavailable
from app.domain.formats import MEDIA_TYPES
from app.results.publishing import IMAGE_CACHE_CONTROL, published_file

router = APIRouter(tags=["Downloads"])

# Exactly the names that `domain.naming.image_key` makes, so uploads and originals can never match.
_PUBLISHED = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9]{1,12}-[0-9]{1,12}-[a-z0-9-]{1,60}"
    rf"\.(?P<extension>{'|'.join(MEDIA_TYPES)})"
)


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
    if match is None:
        raise HTTPException(404)
    try:
        file = published_file(adapters, key)
    except ObjectMissing:
        raise HTTPException(404) from None
    if file is None:
        raise HTTPException(404)
    tag = entity_tag(f"{key}:{file.stat.st_mtime_ns}:{file.stat.st_size}")
    headers = {"Cache-Control": IMAGE_CACHE_CONTROL, "ETag": tag}
    if matches_tag(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        file.path,
        media_type=MEDIA_TYPES[match["extension"]],
        stat_result=file.stat,
        headers=headers,
    )


answer_head_too(router)
